// Search over all sessions: results come while a person types, Enter opens the chosen one.
#pragma once

#include <QDialog>

#include "app/store/rows.h"
#include "app/store/search.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QListView;
class QTimer;

namespace holdfast {

class SearchHitModel;
class SearchService;

class SearchPanel : public QDialog {
  Q_OBJECT

 public:
  explicit SearchPanel(SearchService* service, QWidget* parent = nullptr);

  // Shows the dialog with what was typed last selected. `current`: the session that "In this session" means; none
  // hides the choice.
  void openFor(SessionId current);

 signals:
  void chosen(holdfast::SessionId session, holdfast::NodeId node);  // node none: the title was found

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void search();
  void showHits(const QString& typed, const std::vector<SearchHit>& hits);
  void choose(const QModelIndex& index);
  [[nodiscard]] SearchFilter filter() const;

  SearchService* service_;
  SearchHitModel* model_;
  QLineEdit* query_;
  QComboBox* where_;
  QComboBox* when_;
  QCheckBox* here_;
  QListView* list_;
  QLabel* state_;
  QTimer* delay_;
  SessionId current_;
  bool pending_ = false;    // what is typed has not been answered yet
  bool openFirst_ = false;  // Enter was pressed before the answer was there
};

}  // namespace holdfast
