// One head: its matrix, how much it keeps and writes from token to token, and which stretches of the text it wrote most
// and still holds.
#pragma once

#include <QWidget>

#include "app/services/inspect_service.h"

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
  void showStretches(const InspectResult& result, const std::vector<double>& sums, std::size_t index);

  QLabel* stateTitle_;
  HeatmapView* state_;
  PlotView* spectrum_;
  PlotView* decay_;
  PlotView* strength_;
  QTableWidget* stretches_;
};

}  // namespace holdfast
