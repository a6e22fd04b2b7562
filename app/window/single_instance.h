// One window per data directory: the first holds a lock, a second asks it to show itself.
#pragma once

#include <QObject>
#include <filesystem>
#include <memory>

class QLocalServer;

namespace holdfast {

class SingleInstance : public QObject {
  Q_OBJECT

 public:
  // Takes the lock of this data directory, which is made when absent. Throws IoError when the folder cannot be used.
  explicit SingleInstance(const std::filesystem::path& dataDir, QObject* parent = nullptr);
  ~SingleInstance() override;

  [[nodiscard]] bool isFirst() const { return first_; }
  // From a second program: true when the first one has answered. `model`: what it shall open; may be empty.
  [[nodiscard]] bool raiseFirst(const QString& model) const;

 signals:
  void raiseRequested(const QString& model);  // in the first program

 private:
  void listen();
  void receive();

  std::filesystem::path dataDir_;
  int lock_ = -1;
  bool first_ = false;
  QLocalServer* server_ = nullptr;
};

}  // namespace holdfast
