#include "app/panels/edit_dialog.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>
#include <QVBoxLayout>

namespace holdfast {

EditDialog::EditDialog(const QString& title, const QString& text, const QString& does, QWidget* parent)
    : QDialog(parent), edit_(new QPlainTextEdit(text)) {
  setObjectName(QStringLiteral("editDialog"));
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(title);
  setModal(true);
  resize(620, 380);
  edit_->setObjectName(QStringLiteral("editText"));
  edit_->setAccessibleName(title);
  edit_->setTabChangesFocus(true);
  edit_->moveCursor(QTextCursor::End);
  auto* hint = new QLabel(tr("What is there stays, as a branch beside the new one."));
  hint->setProperty("muted", true);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
  QPushButton* done = buttons->addButton(does, QDialogButtonBox::AcceptRole);
  done->setObjectName(QStringLiteral("editDone"));
  done->setProperty("primary", true);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(edit_, 1);
  layout->addWidget(hint);
  layout->addWidget(buttons);
  connect(edit_, &QPlainTextEdit::textChanged, done,
          [this, done] { done->setEnabled(!edit_->toPlainText().trimmed().isEmpty()); });
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(buttons, &QDialogButtonBox::accepted, this, [this] {
    emit written(edit_->toPlainText());
    accept();
  });
  auto* enter = new QShortcut(Qt::CTRL | Qt::Key_Return, this);
  connect(enter, &QShortcut::activated, done, &QPushButton::click);
  edit_->setFocus();
}

}  // namespace holdfast
