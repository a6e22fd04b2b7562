// All that is known of how a reply was written.
#pragma once

#include <QDialog>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

class FiguresDialog : public QDialog {
  Q_OBJECT

 public:
  // reply: its thought and its answer, as there are. checkpoint: that wrote it, without a name where it is not known.
  // Deletes itself when closed.
  FiguresDialog(const std::vector<NodeRow>& reply, const CheckpointRow& checkpoint, QWidget* parent = nullptr);
};

}  // namespace holdfast
