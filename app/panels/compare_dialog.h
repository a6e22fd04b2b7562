// Two branches of a session side by side, from where they part.
#pragma once

#include <QDialog>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

class CompareDialog : public QDialog {
  Q_OBJECT

 public:
  // Each from the root to its end.
  CompareDialog(const std::vector<NodeRow>& one, const std::vector<NodeRow>& other, QWidget* parent = nullptr);
};

}  // namespace holdfast
