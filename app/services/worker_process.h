// Processes of `holdfast` that outlive the window: they tell the store what they do.
#pragma once

#include <QStringList>
#include <filesystem>
#include <string>

namespace holdfast {

[[nodiscard]] QString worker_program();  // `holdfast` beside this program; throws IoError

// Starts it in a session of its own; what it says goes to `log`. Returns its mark (process_lives). Throws IoError.
[[nodiscard]] std::string start_worker(const QStringList& arguments, const std::filesystem::path& log);

// A word of a command line as a shell has to be given it.
[[nodiscard]] QString shell_word(const QString& text);

// The last sentence of a log, or of what a program said, for the person at the window.
[[nodiscard]] QString last_words(const QByteArray& text);
[[nodiscard]] QString last_words(const std::filesystem::path& log);

}  // namespace holdfast
