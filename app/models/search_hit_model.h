// What a search found, for a list.
#pragma once

#include <QAbstractListModel>
#include <vector>

#include "app/store/search.h"

namespace holdfast {

class SearchHitModel : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role {
    TitleRole = Qt::UserRole,  // of the session
    KindRole,                  // "Answer", "Title"
    WhenRole,                  // the day, in words of the locale
    MatchesRole,               // QVariantList of QPoint(begin, length) in the displayed text
  };

  using QAbstractListModel::QAbstractListModel;

  void setHits(std::vector<SearchHit> hits);
  [[nodiscard]] const SearchHit* hitAt(const QModelIndex& index) const;  // nullptr: none

  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

 private:
  std::vector<SearchHit> hits_;
};

}  // namespace holdfast
