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

// `system`: the palette that the desktop gave before any of ours was set.
void applyTheme(QApplication& application, ThemeChoice choice, const QPalette& system);

}  // namespace holdfast
