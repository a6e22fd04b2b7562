// One head: its matrix, how much it keeps and writes from token to token, and which stretches of the text it wrote most
// and still holds, or has read most while it held them.
#pragma once

#include <QWidget>

#include "app/services/inspect_service.h"

class QComboBox;
class QLabel;
class QTableWidget;

namespace holdfast {

class HeatmapView;
class PlotView;

class InspectHeadView : public QWidget {
  Q_OBJECT

 public:
  explicit InspectHeadView(QWidget* parent = nullptr);
  void show(const InspectResult& result, int layer, int head);

 signals:
  void tokenSelected(int token);

 private:
  void showState(const InspectResult& result, std::size_t index);
  void showSpectrum(const InspectResult& result, std::size_t index);
  void showTraces(const InspectResult& result, int layer, int head, std::size_t index);
  void findStretches(const InspectResult& result, int layer, int head, std::size_t index);
  void showStretches();

  // A sample's tokens: what a token there wrote on average, and what became of it.
  struct Stretch {
    std::int64_t begin = 0, end = 0;
    double written = 0.0, left = 0.0;
    double read = 0.0;  // while it was held; NaN: not traced
    QString text;
  };

  std::vector<Stretch> all_;
  QComboBox* most_;
  QLabel* stateTitle_;
  HeatmapView* state_;
  PlotView* spectrum_;
  PlotView* decay_;
  PlotView* strength_;
  QTableWidget* stretches_;
};

}  // namespace holdfast
