#include "app/window/theme.h"

#include <QApplication>
#include <QFontInfo>
#include <QStyle>
#include <QStyleFactory>
#include <algorithm>
#include <cmath>

#include "app/files/paths.h"

namespace holdfast {
namespace {

struct Colours {
  const char* window;   // behind everything
  const char* side;     // list of sessions
  const char* surface;  // what is written on
  const char* text;
  const char* muted;  // at least 4.5 : 1 on window, side and surface
  const char* border;
  const char* hover;
  const char* selected;
  const char* accent;
  const char* on_accent;
  const char* bubble;
  const char* error;
  const char* error_text;
};

constexpr Colours light_colours{.window = "#fbfbfa",
                                .side = "#f2f3f1",
                                .surface = "#ffffff",
                                .text = "#1c2022",
                                .muted = "#62686c",
                                .border = "#dadcd8",
                                .hover = "#e8eae6",
                                .selected = "#dce8e5",
                                .accent = "#1f6f68",
                                .on_accent = "#ffffff",
                                .bubble = "#e9f1ef",
                                .error = "#fcebe8",
                                .error_text = "#8c1d12"};
constexpr Colours dark_colours{.window = "#17191a",
                               .side = "#121414",
                               .surface = "#1f2223",
                               .text = "#e4e6e4",
                               .muted = "#9ba2a3",
                               .border = "#343839",
                               .hover = "#232728",
                               .selected = "#24363a",
                               .accent = "#57b5aa",
                               .on_accent = "#0c1615",
                               .bubble = "#22302f",
                               .error = "#3b211e",
                               .error_text = "#ffb8ad"};
// More contrast: what is written at 7 : 1 or more, every frame to be seen, nothing told by a shade alone.
constexpr Colours plain_light_colours{.window = "#ffffff",
                                      .side = "#ffffff",
                                      .surface = "#ffffff",
                                      .text = "#000000",
                                      .muted = "#333333",
                                      .border = "#595959",
                                      .hover = "#e3e3e3",
                                      .selected = "#c4dcff",
                                      .accent = "#003f8a",
                                      .on_accent = "#ffffff",
                                      .bubble = "#eef4ff",
                                      .error = "#ffffff",
                                      .error_text = "#8a0000"};
constexpr Colours plain_dark_colours{.window = "#000000",
                                     .side = "#000000",
                                     .surface = "#000000",
                                     .text = "#ffffff",
                                     .muted = "#dadada",
                                     .border = "#9a9a9a",
                                     .hover = "#303030",
                                     .selected = "#00407a",
                                     .accent = "#ffd84d",
                                     .on_accent = "#000000",
                                     .bubble = "#141d26",
                                     .error = "#000000",
                                     .error_text = "#ffb3a8"};

QPalette palette_of(const Colours& c) {
  QPalette palette;
  palette.setColor(QPalette::Window, QColor(c.window));
  palette.setColor(QPalette::WindowText, QColor(c.text));
  palette.setColor(QPalette::Base, QColor(c.surface));
  palette.setColor(QPalette::AlternateBase, QColor(c.side));
  palette.setColor(QPalette::Text, QColor(c.text));
  palette.setColor(QPalette::PlaceholderText, QColor(c.muted));
  palette.setColor(QPalette::Button, QColor(c.surface));
  palette.setColor(QPalette::ButtonText, QColor(c.text));
  palette.setColor(QPalette::ToolTipBase, QColor(c.surface));
  palette.setColor(QPalette::ToolTipText, QColor(c.text));
  palette.setColor(QPalette::Highlight, QColor(c.accent));
  palette.setColor(QPalette::HighlightedText, QColor(c.on_accent));
  palette.setColor(QPalette::Link, QColor(c.accent));
  palette.setColor(QPalette::Mid, QColor(c.border));
  palette.setColor(QPalette::Midlight, QColor(c.hover));
  palette.setColor(QPalette::Light, QColor(c.selected));
  for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    palette.setColor(QPalette::Disabled, role, QColor(c.muted));
  }
  return palette;
}

// Names in $ are colours; sizes are in points and em-like pixels, which Qt scales with the screen.
constexpr const char* style_template = R"css(
QToolTip { background: $surface; color: $text; border: 1px solid $border; padding: 4px; }
#side { background: $side; }
#rail { background: $side; border-right: 1px solid $border; }
QToolButton[rail="true"] { background: transparent; border: 1px solid transparent; color: $muted; padding: 7px 10px; }
QToolButton[rail="true"]:hover { background: $hover; color: $text; }
QToolButton[rail="true"]:checked { background: $selected; color: $text; font-weight: 600; }
QToolButton[rail="true"]:focus { border: 1px solid $accent; }
#inspectPanel { background: $window; }
#inspectTokens, #systemPrompt, #editText, QLineEdit, QComboBox, QAbstractSpinBox {
  background: $surface; border: 1px solid $border; border-radius: 7px; padding: 4px 8px; color: $text; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, #inspectTokens:focus, #systemPrompt:focus,
#editText:focus { border: 1px solid $accent; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { background: $window; color: $muted; }
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus, QAbstractSpinBox QLineEdit:disabled,
QComboBox QLineEdit, QComboBox QLineEdit:focus, QComboBox QLineEdit:disabled {
  background: transparent; border: none; border-radius: 0; padding: 0; }
QComboBox::drop-down { subcontrol-origin: border; subcontrol-position: center right; width: 22px; border: none; }
QComboBox::down-arrow { image: url("$signs/down-$look.png"); width: 12px; height: 12px; }
QComboBox::down-arrow:disabled { image: url("$signs/down-off-$look.png"); }
QComboBox QAbstractItemView { background: $surface; color: $text; border: 1px solid $border; padding: 3px; outline: none;
  selection-background-color: $selected; selection-color: $text; }
QAbstractSpinBox { padding: 4px 18px 4px 7px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
  subcontrol-origin: border; width: 18px; border: none; background: transparent; }
QAbstractSpinBox::up-button { subcontrol-position: top right; margin: 2px 2px 0 0; border-top-right-radius: 5px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; margin: 0 2px 2px 0; border-bottom-right-radius: 5px; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $hover; }
QAbstractSpinBox::up-arrow { image: url("$signs/more-$look.png"); width: 8px; height: 6px; }
QAbstractSpinBox::down-arrow { image: url("$signs/less-$look.png"); width: 8px; height: 6px; }
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::up-arrow:off { image: url("$signs/more-off-$look.png"); }
QAbstractSpinBox::down-arrow:disabled, QAbstractSpinBox::down-arrow:off { image: url("$signs/less-off-$look.png"); }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QCheckBox, QRadioButton { spacing: 8px; }
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator, QGroupBox::indicator, QMenu::indicator {
  width: 14px; height: 14px; border: 1px solid $muted; border-radius: 4px; background: $surface; }
QAbstractItemView::indicator { width: 12px; height: 12px; border-radius: 3px; }
QRadioButton::indicator, QMenu::indicator:exclusive { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border: 1px solid $accent; background: $hover; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked, QGroupBox::indicator:checked, QMenu::indicator:checked {
  background: $accent; border: 1px solid $accent; image: url("$signs/tick-$look.png"); }
QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:indeterminate {
  background: $accent; border: 1px solid $accent; image: url("$signs/dash-$look.png"); }
QRadioButton::indicator:checked, QMenu::indicator:exclusive:checked {
  width: 6px; height: 6px; border: 5px solid $accent; background: $on_accent; image: none; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled, QAbstractItemView::indicator:disabled {
  border: 1px solid $border; background: $window; }
QCheckBox::indicator:checked:disabled, QAbstractItemView::indicator:checked:disabled {
  background: $border; image: url("$signs/tick-off-$look.png"); }
QCheckBox::indicator:indeterminate:disabled { background: $border; image: url("$signs/dash-off-$look.png"); }
QRadioButton::indicator:checked:disabled { border: 5px solid $border; background: $muted; }
QCheckBox:focus, QRadioButton:focus { outline: none; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $accent; width: 12px; height: 12px; }
#phaseCard, #upkeep { background: $surface; border: 1px solid $border; border-radius: 9px; }
#recipeEditor, #runView, #phaseList, #phaseScroll { background: $window; }
#recipeText, #runSamples, #runLog, #runRecipe, #runFiles, #validationCase { background: $surface; border: 1px solid $border; border-radius: 7px; color: $text; }
#runFiles::item { padding: 4px 8px; border: none; color: $text; }
#runFiles::item:hover { background: $hover; }
#runFiles::item:selected { background: $selected; color: $text; }
#runList, #evaluationList { background: transparent; border: 1px solid transparent; border-radius: 7px; outline: none; }
#runList:focus, #evaluationList:focus { border: 1px solid $accent; }
#runList::item, #evaluationList::item { padding: 6px 8px; border-radius: 7px; color: $text; }
#runList::item:hover, #evaluationList::item:hover { background: $hover; }
#runList::item:selected, #evaluationList::item:selected { background: $selected; color: $text; }
#evaluateNew, #evaluateResult { background: $window; }
#shareTable, #itemTable, #evaluationReply, #besideReply { background: $surface; border: 1px solid $border; border-radius: 7px; color: $text; }
QLabel[fault="true"] { color: $error_text; background: $error; border-radius: 7px; padding: 5px 9px; }
QTabWidget::pane { border: none; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $muted; padding: 6px 12px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent; }
#topBar { background: $window; border-bottom: 1px solid $border; }
#sessionList { background: transparent; border: 1px solid transparent; border-radius: 7px; outline: none; }
#sessionList:focus { border: 1px solid $accent; }
QPushButton, QToolButton {
  background: $surface; border: 1px solid $border; border-radius: 7px; padding: 5px 12px; outline: none; }
QToolButton { padding: 4px 12px 3px 12px; }
#topBar QToolButton { padding: 4px 10px 3px 10px; }
#newSession, #searchButton { padding: 5px 6px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QToolButton:checked { background: $selected; }
QPushButton:disabled, QToolButton:disabled { color: $muted; }
QToolButton::menu-indicator { image: none; }
QPushButton::menu-indicator {
  image: url("$signs/down-$look.png"); subcontrol-origin: padding; subcontrol-position: center right; right: 6px; }
QPushButton::menu-indicator:disabled { image: url("$signs/down-off-$look.png"); }
QPushButton[primary="true"] { background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600; }
QPushButton[primary="true"]:disabled { background: $hover; color: $muted; border: 1px solid $border; }
QPushButton[flat="true"], QToolButton[flat="true"] {
  background: transparent; border: 1px solid transparent; color: $muted; padding: 3px 8px; border-radius: 6px; }
QPushButton[flat="true"]:hover, QToolButton[flat="true"]:hover { background: $hover; color: $text; }
QPushButton[flat="true"]:focus, QToolButton[flat="true"]:focus { border: 1px solid $accent; }
QPushButton[flat="true"]:disabled, QToolButton[flat="true"]:disabled { color: $border; }
QPushButton[example="true"] { text-align: left; padding: 8px 12px; }
QLabel[muted="true"] { color: $muted; }
QLabel[heading="true"] { font-size: $heading; font-weight: 600; }
QLabel[title="true"] { font-size: $title; font-weight: 600; }
#transcript, #transcript > QWidget > QWidget, #column { background: $window; border: none; }
#bubble { background: $bubble; border-radius: 12px; }
#thoughtBody { border: none; border-left: 3px solid $border; }
QTextEdit[view="true"] { background: transparent; border: none; color: $text; }
QTextEdit[view="true"][muted="true"] { color: $muted; }
#composer { background: $surface; border: 1px solid $border; border-radius: 12px; }
#composer[focused="true"] { border: 1px solid $accent; }
#composer QPlainTextEdit { background: transparent; border: none; }
#voteView { background: $surface; border: 1px solid $border; border-radius: 9px; }
#findBar { background: $side; border-bottom: 1px solid $border; }
#problemCard { background: $window; border-bottom: 1px solid $border; }
#solveSide { background: $side; border-left: 1px solid $border; }
#generatePanel { background: $window; }
#concepts, #families, #problems, #problemPreview { background: $surface; border: 1px solid $border; border-radius: 7px; color: $text; }
#concepts::item, #families::item { padding: 2px; }
#problems { selection-background-color: $selected; selection-color: $text; }
#problems::item { padding: 0 7px; border: none; color: $text; }
#problems::item:selected { background: $selected; color: $text; }
#tokenView, #tokenOthers, #branchTree, #states { background: $surface; border: 1px solid $border; border-radius: 7px; padding: 4px; color: $text; }
#shortcutsList { background: $surface; border: 1px solid $border; border-radius: 7px; padding: 4px; color: $text; }
#branchTree::item, #tokenOthers::item, #states::item, #stateRoomList::item, #shortcutsList::item { padding: 3px 2px; }
#concepts:focus, #families:focus, #problems:focus, #problemPreview:focus, #tokenView:focus, #tokenOthers:focus, #branchTree:focus,
#states:focus, #shortcutsList:focus, #shareTable:focus, #itemTable:focus, #evaluationReply:focus, #besideReply:focus, #recipeText:focus,
#runSamples:focus, #runLog:focus, #runRecipe:focus, #runFiles:focus, #validationCase:focus { border: 1px solid $accent; }
QTableView { background: $surface; border: 1px solid $border; border-radius: 7px; gridline-color: $hover; color: $text;
  selection-background-color: $selected; selection-color: $text; }
QTableView:focus { border: 1px solid $accent; }
QTableView::item { padding: 0 3px; border: none; }
QTableView::item:selected { background: $selected; color: $text; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: $side; color: $muted; border: none; padding: 4px 6px; }
holdfast--Banner { background: $bubble; border: 1px solid $border; border-radius: 9px; }
holdfast--Banner[error="true"] { background: $error; border: 1px solid $error_text; }
holdfast--Banner[error="true"] QLabel { color: $error_text; }
QFrame[card="true"] { background: $surface; border: 1px solid $border; border-radius: 9px; }
#modelsPanel, #modelDetails, #modelDetailsBody { background: $window; }
#modelsTable { background: $surface; border: 1px solid $border; border-radius: 9px; outline: none; }
#modelsTable:focus { border: 1px solid $accent; }
#modelsTable::item { padding: 6px 8px; border: none; color: $text; }
#modelsTable::item:hover { background: $hover; }
#modelsTable::item:selected { background: $selected; color: $text; }
#modelsTable QHeaderView { background: transparent; border: none; }
#modelsTable QHeaderView::section { background: transparent; border-bottom: 1px solid $border; padding: 7px 11px; }
#modelFault { color: $error_text; }
QSplitter[gap="true"]::handle { background: transparent; }
QStatusBar { background: $side; border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; padding: 0 6px; }
QStatusBar QToolButton[flat="true"] { padding: 0 8px; border-radius: 5px; }
QMenu { background: $surface; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 5px 22px 5px 14px; border-radius: 5px; }
QMenu::indicator { left: 8px; }
QMenu::item:selected { background: $selected; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
#samplerPanel { background: $surface; border: 1px solid $border; border-radius: 9px; }
#modelCards { background: transparent; border: none; outline: none; }
#modelCards::item { background: $surface; border: 1px solid $border; border-radius: 9px; padding: 9px; margin: 3px; color: $text; }
#modelCards::item:hover { background: $hover; }
#modelCards::item:selected { border: 1px solid $accent; }
QProgressBar { background: $hover; border: none; border-radius: 3px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 0; }
QScrollBar::handle:vertical { background: $border; border-radius: 4px; min-height: 36px; margin: 2px; }
QScrollBar::handle:vertical:hover { background: $muted; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 0; }
QScrollBar::handle:horizontal { background: $border; border-radius: 4px; min-width: 36px; margin: 2px; }
QScrollBar::handle:horizontal:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: $border; }
)css";

// The sheet of this look; `look` is "light" or "dark", as the files of signs are named.
QString style_of(const Colours& c, QLatin1String look, double scale) {
  QString style = QString::fromLatin1(style_template);
  QString signs = QString::fromStdString((resource_dir() / "signs").string());
  signs.replace(QLatin1Char('\\'), QLatin1String("\\\\")).replace(QLatin1Char('"'), QLatin1String("\\\""));
  style.replace(QLatin1String("$look"), look);
  style.replace(QLatin1String("$heading"), QString::number(20 * scale) + QLatin1String("pt"));
  style.replace(QLatin1String("$title"), QString::number(11 * scale) + QLatin1String("pt"));
  const std::pair<const char*, const char*> names[] = {
      {"$on_accent", c.on_accent}, {"$error_text", c.error_text}, {"$window", c.window}, {"$side", c.side},
      {"$surface", c.surface},     {"$selected", c.selected},     {"$text", c.text},     {"$muted", c.muted},
      {"$border", c.border},       {"$hover", c.hover},           {"$accent", c.accent}, {"$bubble", c.bubble},
      {"$error", c.error}};
  for (const auto& [name, value] : names) style.replace(QLatin1String(name), QLatin1String(value));
  return style.replace(QLatin1String("$signs"), signs);
}

}  // namespace

QString themeName(ThemeChoice choice) {
  return choice == ThemeChoice::light  ? QStringLiteral("light")
         : choice == ThemeChoice::dark ? QStringLiteral("dark")
                                       : QStringLiteral("system");
}

ThemeChoice themeChoice(const QString& name) {
  if (name == QLatin1String("light")) return ThemeChoice::light;
  return name == QLatin1String("dark") ? ThemeChoice::dark : ThemeChoice::system;
}

bool isDark(const QPalette& palette) {
  return palette.color(QPalette::WindowText).lightness() > palette.color(QPalette::Window).lightness();
}

void applyTheme(QApplication& application, ThemeChoice choice, const QPalette& system, const Legibility& legibility) {
  static const double usual_size = QFontInfo(application.font()).pointSizeF();  // before any of ours was set
  const double scale = std::clamp(legibility.percent, least_text_percent, most_text_percent) / 100.0;
  const bool dark = choice == ThemeChoice::dark || (choice == ThemeChoice::system && isDark(system));
  const Colours& colours =
      legibility.contrast ? (dark ? plain_dark_colours : plain_light_colours) : (dark ? dark_colours : light_colours);
  const QString sheet = style_of(colours, QLatin1String(dark ? "dark" : "light"), scale);
  QFont font = application.font();
  const bool sized = std::abs(font.pointSizeF() - usual_size * scale) <= 0.01;
  if (sized && application.styleSheet() == sheet) return;
  // Without a sheet until all else is set: each of these would lay the whole window out by it anew.
  application.setStyleSheet({});
  if (application.style()->objectName() != QLatin1String("fusion")) {
    if (QStyle* fusion = QStyleFactory::create(QStringLiteral("Fusion"))) application.setStyle(fusion);
  }
  application.setPalette(palette_of(colours));
  if (!sized) {
    font.setPointSizeF(usual_size * scale);
    application.setFont(font);
  }
  application.setStyleSheet(sheet);
}

}  // namespace holdfast
