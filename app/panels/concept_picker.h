// The concepts of the bank by area: which to draw from, which every problem has, which none.
#pragma once

#include <QWidget>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "training/concepts.h"

class QLabel;
class QLineEdit;
class QTreeWidget;
class QTreeWidgetItem;

namespace holdfast {

class ConceptPicker : public QWidget {
  Q_OBJECT

 public:
  enum class Choice { free, drawn, locked, excluded };

  explicit ConceptPicker(QWidget* parent = nullptr);

  void setBank(std::shared_ptr<const ConceptBank> bank);
  void choose(const QString& name, Choice choice);
  void setMade(std::map<std::string, int> made);  // how many problems of the open set have each concept
  [[nodiscard]] std::vector<std::string> chosen(Choice choice) const;

 signals:
  void changed();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void filter(const QString& text);
  void turn(QTreeWidgetItem* item);  // to the next choice
  void mark(QTreeWidgetItem* item, Choice choice);
  void suggest();
  void showMade(QTreeWidgetItem* item);
  [[nodiscard]] std::vector<QTreeWidgetItem*> items() const;

  std::shared_ptr<const ConceptBank> bank_;
  QLineEdit* search_;
  QTreeWidget* tree_;
  QLabel* suggestions_;
  std::map<std::string, int> made_;
};

}  // namespace holdfast
