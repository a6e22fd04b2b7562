// Fetches a model from a hub of the Hugging Face kind into the folder of models. No widgets; it blocks the thread it is
// called on, with an event loop of its own, so it runs in a Job or in a program without a window.
//
// Nothing a server says is believed: paths are checked, redirects lead from https to https only (http is for this
// machine), a file is put in place when its size and hash are those that the hub promised, the model when the engine
// has opened it. What was fetched stays, so that a download goes on where it was stopped or cut off.
#pragma once

#include <QByteArray>
#include <QString>
#include <QUrl>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "app/services/hub_address.h"

class QNetworkAccessManager;

namespace holdfast {

struct HubSettings {
  std::filesystem::path models{};  // DATA/models
  QUrl hub{QStringLiteral("https://huggingface.co")};
  QByteArray token{};           // sent to the hub alone, and never shown
  int retries = 6;              // in a row without a byte of progress
  int retryMilliseconds = 800;  // before the first, doubled for each next one
  int timeoutMilliseconds = 30000;

  // $HF_ENDPOINT before `hub` (a setting; may be empty) before huggingface.co; $HF_TOKEN. Throws ArgumentError for a
  // hub that is neither https nor on this machine.
  [[nodiscard]] static HubSettings fromEnvironment(const std::filesystem::path& models, const QString& hub = {});
};

struct HubProgress {
  QString file{};  // that is fetched now
  qint64 done = 0;
  qint64 total = 0;  // of all files
  double bytesPerSecond = 0.0;
};

class HubDownload {
 public:
  using Progress = std::function<void(const HubProgress&)>;

  explicit HubDownload(HubSettings settings);
  ~HubDownload();

  // All files of the repository. Throws IoError, FormatError, Cancelled.
  [[nodiscard]] std::vector<HubFile> list(const HubAddress& address, const std::stop_token& stop = {});
  // Returns where the model is now. Throws ArgumentError (the name is taken; HubChoiceNeeded), IoError, FormatError,
  // and Cancelled when stopped.
  std::filesystem::path fetch(const HubAddress& address, const Progress& progress, const std::stop_token& stop);

  // Downloads that were begun and not finished, by their addresses; where each one's files are.
  struct Unfinished {
    QString address;
    std::filesystem::path folder;
    std::uintmax_t bytes = 0;
  };
  [[nodiscard]] static std::vector<Unfinished> unfinished(const std::filesystem::path& models);
  static void discard(const std::filesystem::path& models, const QString& address);

 private:
  struct Answer;
  struct Transfer;
  class Record;

  Answer get(const QUrl& url, const Transfer& transfer, const std::stop_token& stop);
  Answer getOnce(const QUrl& url, const Transfer& transfer, bool withToken, const std::stop_token& stop);
  void fetchFile(const HubAddress& address, const HubFile& file, Record& record, const std::stop_token& stop);
  bool fetchRest(const HubAddress& address, const HubFile& file, Record& record, const std::stop_token& stop);
  void advance(qint64 bytes, bool force = false);
  [[nodiscard]] QUrl hubOf(const HubAddress& address) const;

  struct Speed;
  HubSettings settings_;
  std::unique_ptr<QNetworkAccessManager> manager_;  // made where it is used
  const Progress* progress_ = nullptr;
  HubProgress now_;
  std::unique_ptr<Speed> speed_;
};

}  // namespace holdfast
