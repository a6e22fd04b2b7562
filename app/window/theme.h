// The look: colours of light and dark, one style sheet made from them.
#pragma once

#include <QColor>
#include <QPalette>
#include <QString>

class QApplication;

namespace holdfast {

enum class ThemeChoice { system, light, dark };
[[nodiscard]] QString themeName(ThemeChoice choice);         // as kept in the settings
[[nodiscard]] ThemeChoice themeChoice(const QString& name);  // unknown names follow the system

// True when text is lighter than what it stands on: Qt 6.4 has no other way to ask what the desktop prefers.
[[nodiscard]] bool isDark(const QPalette& palette);

// For eyes that need more than the usual look.
struct Legibility {
  bool contrast = false;  // black, white and one colour; frames that can be seen
  int percent = 100;      // size of all text
};
inline constexpr int least_text_percent = 70;
inline constexpr int most_text_percent = 250;

// `system`: the palette that the desktop gave before any of ours was set.
void applyTheme(QApplication& application, ThemeChoice choice, const QPalette& system,
                const Legibility& legibility = {});

}  // namespace holdfast
