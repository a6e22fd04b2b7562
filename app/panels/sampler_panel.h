// How the next answer is drawn: temperature, top-p, penalty, length, seed, and the form of the chat.
#pragma once

#include <QFrame>
#include <optional>

#include "app/services/chat_engine.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QSpinBox;

namespace holdfast {

class SamplerPanel : public QFrame {
  Q_OBJECT

 public:
  explicit SamplerPanel(QWidget* parent = nullptr);

  // Without a fixed seed, one is drawn for each call.
  [[nodiscard]] TurnSettings settings() const;
  [[nodiscard]] QString save() const;  // as kept in the settings
  void restore(const QString& saved);  // anything unreadable leaves the defaults
  void setModelFormat(const QString& format);
  // What a model's makers advise, until something has been chosen here.
  void setAdvice(const SamplingAdvice& advice);

 signals:
  void changed();

 private:
  bool chosen_ = false;
  QDoubleSpinBox* temperature_;
  QDoubleSpinBox* topP_;
  QDoubleSpinBox* penalty_;
  QSpinBox* maxTokens_;
  QCheckBox* fixedSeed_;
  QLineEdit* seed_;
  QComboBox* format_;
  QCheckBox* solve_;
};

}  // namespace holdfast
