// How the next answer is drawn: temperature, top-p, penalty, length, seed, and the form of the chat.
#pragma once

#include <QFrame>
#include <optional>

#include "app/services/chat_engine.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;

namespace holdfast {

class SamplerPanel : public QFrame {
  Q_OBJECT

 public:
  explicit SamplerPanel(QWidget* parent = nullptr);

  // Without a fixed seed, one is drawn for each call.
  [[nodiscard]] TurnSettings settings() const;
  [[nodiscard]] int samples() const;     // replies to a question, to be voted on; 1: no vote
  [[nodiscard]] QString system() const;  // what a new session is begun with
  [[nodiscard]] QString save() const;    // as kept in the settings
  void restore(const QString& saved);    // anything unreadable leaves the defaults
  void setModelFormat(const QString& format);
  // What a model's makers advise, until something has been chosen here.
  void setAdvice(const SamplingAdvice& advice);

 signals:
  void changed();

 private:
  void applyPreset(const QString& name);

  bool chosen_ = false;
  SamplingAdvice advice_;
  QDoubleSpinBox* temperature_;
  QDoubleSpinBox* topP_;
  QDoubleSpinBox* penalty_;
  QSpinBox* maxTokens_;
  QCheckBox* fixedSeed_;
  QLineEdit* seed_;
  QComboBox* format_;
  QCheckBox* solve_;
  QSpinBox* budget_;
  QSpinBox* samples_;
  QPlainTextEdit* system_;
  QComboBox* preset_;
};

}  // namespace holdfast
