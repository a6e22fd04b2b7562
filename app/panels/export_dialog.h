// A session as a file: the form, what of it, where; and the choice of a file to import.
#pragma once

#include <QDialog>

#include "app/services/exchange_service.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QRadioButton;

namespace holdfast {

class ExportDialog : public QDialog {
  Q_OBJECT

 public:
  explicit ExportDialog(ExchangeService* service, QWidget* parent = nullptr);

  void openFor(SessionId session, const QString& title);
  // Asks for a file and orders its import: the service tells the end.
  static void chooseImport(ExchangeService* service, QWidget* parent);

 protected:
  void reject() override;

 private:
  void showFormat();
  void suggest();
  void takeSuggestion(const QString& name);
  void browse();
  void start();
  void end(const QString& message);
  [[nodiscard]] ExportFormat format() const;

  ExchangeService* service_;
  QLabel* title_;
  QComboBox* format_;
  QRadioButton* branch_;
  QRadioButton* tree_;
  QCheckBox* thoughts_;
  QCheckBox* statistics_;
  QLineEdit* file_;
  QPushButton* browse_;
  QPushButton* export_;
  QPushButton* close_;
  QProgressBar* busy_;
  QLabel* state_;
  SessionId session_;
  QString folder_;
  QString suggested_;   // the last name that was put into the field
  QString mayReplace_;  // a file whose replacement was agreed to
  bool working_ = false;
};

}  // namespace holdfast
