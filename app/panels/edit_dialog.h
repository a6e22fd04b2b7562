// Another wording for a message: a text to change, and what then happens.
#pragma once

#include <QDialog>

class QPlainTextEdit;

namespace holdfast {

class EditDialog : public QDialog {
  Q_OBJECT

 public:
  // `does`: what the button says.
  EditDialog(const QString& title, const QString& text, const QString& does, QWidget* parent = nullptr);

 signals:
  void written(const QString& text);

 private:
  QPlainTextEdit* edit_;
};

}  // namespace holdfast
