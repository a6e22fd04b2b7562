// Names of models on a hub, as people write them; and what a hub says of its files.
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <QUrl>
#include <vector>

#include "kernels/error.h"

namespace holdfast {

// "OWNER/NAME", "OWNER/NAME@REVISION", either with ":FILE.gguf"; or the address of such a page on a hub.
struct HubAddress {
  QUrl hub;  // of an address; empty: the one that is configured
  QString owner;
  QString name;
  QString revision = QStringLiteral("main");
  QString file;  // one GGUF; empty: what the model needs

  // Throws ArgumentError.
  [[nodiscard]] static HubAddress parse(const QString& text);
  [[nodiscard]] QString repository() const { return owner + QLatin1Char('/') + name; }
  [[nodiscard]] QString text() const;  // as parse() takes it; the hub's host before it, if there is one
};

struct HubFile {
  QString path;  // in the repository, with slashes
  qint64 size = 0;
  QByteArray sha256;  // hexadecimal; empty for files that git keeps itself
  QByteArray git;     // git's own hash of such a file (SHA-1 over a header and the bytes), hexadecimal; may be empty
};

// A repository with several GGUF files and nothing else: one must be named.
class HubChoiceNeeded : public ArgumentError {
 public:
  HubChoiceNeeded(const std::string& message, QStringList files) : ArgumentError(message), files_(std::move(files)) {}
  [[nodiscard]] const QStringList& files() const noexcept { return files_; }

 private:
  QStringList files_;
};

// A hub's answer to api/models/.../tree, checked: it is hostile until then. Throws FormatError for what is no list of
// files, and for a path that leads out of the folder. `label` is what messages call it.
[[nodiscard]] std::vector<HubFile> parseHubTree(const QByteArray& json, const QString& label);

// The files that a model needs, configs first: weights as safetensors, else as .bin; one GGUF if it is named or there
// is nothing else. Throws HubChoiceNeeded; FormatError when there is no model, or a needed file has an unfit name.
[[nodiscard]] std::vector<HubFile> neededHubFiles(const std::vector<HubFile>& all, const HubAddress& address);

}  // namespace holdfast
