// A conversation to read: questions, and replies whose thought can be folded away. Knows nothing of models or stores.
#pragma once

#include <QScrollArea>
#include <QString>
#include <optional>
#include <vector>

#include "app/formulas/formula_renderer.h"

class QAbstractButton;
class QHBoxLayout;
class QLabel;
class QMenu;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace holdfast {

class ElidedLabel;
class TextView;

struct TranscriptItem {
  enum class Kind { question, reply };

  qint64 key = 0;  // the same item keeps its key
  Kind kind = Kind::question;
  QString text{};             // question, or the answer of a reply
  QString thought{};          // of a reply; empty: none
  QString thoughtLabel{};     // "Thought for 12 s"
  QString note{};             // under it: figures, or why it ended
  QString noteDetails{};      // as its tooltip
  QString action{};           // button under it; empty: none
  QString action2{};          // a second one
  int place = 1, places = 1;  // among those that stand beside it, of which one is shown
  bool bookmarked = false;
  bool running = false;
};

// A stretch of what an item shows.
struct TranscriptPlace {
  enum class Part { question, thought, answer };

  qint64 key = 0;
  Part part = Part::question;
  qsizetype begin = 0, end = 0;  // characters of the item's text or thought

  [[nodiscard]] bool operator==(const TranscriptPlace&) const = default;
};

// What can be done with a message. The buttons are named as these are.
enum class TranscriptTool {
  previous,
  next,
  edit,
  editThought,
  again,
  thinkMore,
  tokens,
  bookmark,
  fork,
  inspect,
  figures,
  remove
};

class MessageView;

class TranscriptView : public QScrollArea {
  Q_OBJECT

 public:
  explicit TranscriptView(QWidget* parent = nullptr);

  // Shows these items; those that are there already with the same content are left as they stand.
  void setItems(const std::vector<TranscriptItem>& items);
  void append(const QString& thought, const QString& answer);  // to the last item, a reply
  void setLast(const TranscriptItem& item);                    // replaces the last item, or adds the first
  void add(const TranscriptItem& item);
  void clear();
  [[nodiscard]] std::size_t count() const { return views_.size(); }
  [[nodiscard]] const TranscriptItem* last() const;
  void scrollToEnd();
  void scrollTo(qint64 key);
  // The message in the middle of what is seen, and those before and behind it: for going through by keyboard.
  void step(int messages);
  // Highlights it; `reveal`: unfolds it and brings it into sight.
  void showPlace(const TranscriptPlace& place, bool reveal = true);
  void clearPlace();
  // Where the cursor of the text with the focus stands; none: no text has it.
  [[nodiscard]] std::optional<TranscriptPlace> cursorPlace() const;
  void setPointing(bool pointing) { pointing_ = pointing; }  // whether the mouse's place is told
  // Marks these words wherever they stand, thoughts included, and goes to the first from what is in sight on. Empty
  // words take the marks away. foundChanged() tells.
  void find(const QString& words);
  void stepFound(int by);  // round from the last to the first; a folded thought is opened

 signals:
  void actionRequested();   // the button under the last item
  void action2Requested();  // the second one
  void toolRequested(const holdfast::TranscriptItem& item, holdfast::TranscriptTool tool);
  void inspectRequested(const holdfast::TranscriptPlace& place);
  void placePointed(const std::optional<holdfast::TranscriptPlace>& place);  // none: the mouse has left
  void copied();
  void foundChanged(int current, int count);  // current counts from 1; 0: none

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  MessageView* make(const TranscriptItem& item);
  void truncate(std::size_t count);
  [[nodiscard]] MessageView* viewOf(const TranscriptPlace& place) const;
  struct Found {
    MessageView* view;
    TextView* text;
    int place;
  };
  std::vector<Found> findAll() const;
  void showFound(const std::vector<Found>& found, bool go);

  FormulaRenderer formulas_;  // outlives the views
  QWidget* column_;
  QVBoxLayout* layout_;
  std::vector<MessageView*> views_;
  MessageView* marked_ = nullptr;  // has the highlighted place
  bool pointing_ = false;
  QString sought_;
  int current_ = -1;    // of what was found
  bool follow_ = true;  // the end stays in sight while text arrives, until the reader scrolls up
};

// One question or reply.
class MessageView : public QWidget {
  Q_OBJECT

 public:
  MessageView(const TranscriptItem& item, FormulaRenderer* formulas, QWidget* parent = nullptr);

  void setItem(const TranscriptItem& item);
  void append(const QString& thought, const QString& answer);
  void setColumnWidth(int width);
  [[nodiscard]] const TranscriptItem& item() const { return item_; }
  QRect showPlace(const TranscriptPlace& place, bool reveal);  // where it is in this view
  void clearPlace();
  [[nodiscard]] std::optional<TranscriptPlace> cursorPlace() const;
  [[nodiscard]] TranscriptPlace placeAt(const TextView* text, int position) const;
  [[nodiscard]] std::vector<TextView*> texts() const;  // in reading order
  void reveal(const TextView* text);                   // opens the thought where it is in it

 signals:
  void actionRequested();
  void action2Requested();
  void toolRequested(holdfast::TranscriptTool tool);
  void inspectRequested(const holdfast::TranscriptPlace& place);
  void pointed(holdfast::TextView* text, int position);  // in its document; -1: left
  void turned();                                         // the reader has put the cursor somewhere
  void copied();

 private:
  QAbstractButton* toolButton(const char* name, const QString& text, const QString& help, TranscriptTool tool);
  void fillMore(QMenu* menu);
  void buildQuestion(QVBoxLayout* layout);
  void buildReply(QVBoxLayout* layout);
  void buildFooter(QVBoxLayout* layout);
  void placeNote();  // behind the tools, or under them where there is no room
  void foldThought(bool folded);
  void refresh();
  void copy();
  void link(TextView* text);

  TranscriptItem item_;
  FormulaRenderer* formulas_;
  TextView* text_ = nullptr;
  TextView* thought_ = nullptr;
  QWidget* thoughtBody_ = nullptr;
  QToolButton* thoughtButton_ = nullptr;
  QWidget* bubble_ = nullptr;
  ElidedLabel* note_ = nullptr;
  QHBoxLayout* footer_ = nullptr;
  QHBoxLayout* under_ = nullptr;
  int width_ = 0;  // of the column
  QToolButton* copyButton_ = nullptr;
  QPushButton* action_ = nullptr;
  QPushButton* action2_ = nullptr;
  QWidget* siblings_ = nullptr;
  QLabel* place_ = nullptr;
  QAbstractButton* previous_ = nullptr;
  QAbstractButton* next_ = nullptr;
  QAbstractButton* bookmark_ = nullptr;
  std::vector<QWidget*> tools_;  // hidden while the text is written
  bool foldedByHand_ = false;
};

}  // namespace holdfast
