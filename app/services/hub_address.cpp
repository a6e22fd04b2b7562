#include "app/services/hub_address.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <algorithm>
#include <functional>

namespace holdfast {
namespace {

constexpr qint64 hub_max_file = qint64{1} << 42;  // 4 TiB: beyond any model, and sums stay far from overflow

bool matches(const QString& text, const char* pattern) {
  return QRegularExpression(QRegularExpression::anchoredPattern(QLatin1String(pattern))).match(text).hasMatch();
}

bool plain_segment(const QString& text) { return matches(text, "[A-Za-z0-9_][A-Za-z0-9._+=-]{0,200}"); }

bool plain_path(const QString& path) {
  const QStringList parts = path.split(QLatin1Char('/'));
  return std::all_of(parts.begin(), parts.end(), plain_segment);
}

// What would lead elsewhere on this or another system.
bool leads_out(const QString& path) {
  if (path.isEmpty() || path.startsWith(QLatin1Char('/')) || path.contains(QLatin1Char('\\'))) return true;
  if (path.size() > 1 && path[1] == QLatin1Char(':')) return true;
  const QStringList parts = path.split(QLatin1Char('/'));
  return std::any_of(parts.begin(), parts.end(), [](const QString& part) {
    return part.isEmpty() || part == QLatin1String(".") || part == QLatin1String("..");
  });
}

// A server's words, fit to be shown.
QString printable_of(QString text) {
  for (QChar& c : text) {
    if (!c.isPrint()) c = QLatin1Char('?');
  }
  return text.size() > 80 ? text.left(80) + QStringLiteral("\u2026") : text;
}

QByteArray hexadecimal_of(const QJsonValue& value, int digits) {
  const QString text = value.toString().toLower();
  return text.size() == digits && matches(text, "[0-9a-f]*") ? text.toLatin1() : QByteArray();
}

[[noreturn]] void bad_address(const QString& text) {
  throw ArgumentError("model address \"" + printable_of(text).toStdString() +
                      "\": want OWNER/NAME, OWNER/NAME@REVISION, either with :FILE.gguf, or a hub's address of it");
}

// https://HUB/OWNER/NAME[/tree|blob|resolve/REVISION[/FILE]]
HubAddress parse_url(const QString& text) {
  const QUrl url(text, QUrl::StrictMode);
  if (!url.isValid() || url.host().isEmpty()) bad_address(text);
  HubAddress address;
  address.hub.setScheme(url.scheme());
  address.hub.setHost(url.host() == QLatin1String("hf.co") ? QStringLiteral("huggingface.co") : url.host());
  address.hub.setPort(url.port());
  QStringList parts;
  for (const QString& part : url.path(QUrl::FullyEncoded).split(QLatin1Char('/'), Qt::SkipEmptyParts)) {
    parts << QUrl::fromPercentEncoding(part.toLatin1());
  }
  if (parts.size() < 2) bad_address(text);
  address.owner = parts[0];
  address.name = parts[1];
  if (parts.size() == 2) return address;
  const bool known =
      parts[2] == QLatin1String("tree") || parts[2] == QLatin1String("blob") || parts[2] == QLatin1String("resolve");
  if (!known || parts.size() == 3) bad_address(text);
  address.revision = parts[3];
  const QString file = parts.mid(4).join(QLatin1Char('/'));
  if (file.endsWith(QLatin1String(".gguf"))) address.file = file;
  return address;
}

HubAddress parse_name(const QString& text) {
  HubAddress address;
  QString rest = text;
  if (const auto colon = rest.indexOf(QLatin1Char(':')); colon >= 0) {
    address.file = rest.mid(colon + 1);
    rest.truncate(colon);
    if (address.file.isEmpty()) bad_address(text);
  }
  if (const auto at = rest.indexOf(QLatin1Char('@')); at >= 0) {
    address.revision = rest.mid(at + 1);
    rest.truncate(at);
  }
  const QStringList parts = rest.split(QLatin1Char('/'));
  if (parts.size() != 2) bad_address(text);
  address.owner = parts[0];
  address.name = parts[1];
  return address;
}

bool is_config(const QString& path) {
  static const QStringList names{QStringLiteral("config.json"),
                                 QStringLiteral("params.json"),
                                 QStringLiteral("generation_config.json"),
                                 QStringLiteral("chat_template.jinja"),
                                 QStringLiteral("special_tokens_map.json"),
                                 QStringLiteral("added_tokens.json"),
                                 QStringLiteral("README.md"),
                                 QStringLiteral("LICENSE"),
                                 QStringLiteral("LICENSE.txt"),
                                 QStringLiteral("LICENSE.md")};
  return names.contains(path) || matches(path, "tokenizer[^/]*") || path == QLatin1String("vocab.json") ||
         path == QLatin1String("merges.txt");
}

// Which files hold the weights: transformers' safetensors before Mistral's own before PyTorch's.
std::function<bool(const QString&)> weights_of(const std::vector<HubFile>& all) {
  const auto any = [&](const char* pattern) {
    return std::any_of(all.begin(), all.end(), [&](const HubFile& file) { return matches(file.path, pattern); });
  };
  const auto like = [](const char* pattern) {
    return [pattern](const QString& path) { return matches(path, pattern); };
  };
  if (any("model(-[0-9]+-of-[0-9]+)?\\.safetensors")) {
    return like("model(-[0-9]+-of-[0-9]+)?\\.safetensors|model\\.safetensors\\.index\\.json");
  }
  if (any("consolidated\\.safetensors")) return like("consolidated\\.safetensors");
  if (any("pytorch_model(-[0-9]+-of-[0-9]+)?\\.bin")) {
    return like("pytorch_model(-[0-9]+-of-[0-9]+)?\\.bin|pytorch_model\\.bin\\.index\\.json");
  }
  return {};
}

}  // namespace

HubAddress HubAddress::parse(const QString& typed) {
  const QString text = typed.trimmed();
  const bool is_url = text.startsWith(QLatin1String("https://")) || text.startsWith(QLatin1String("http://"));
  HubAddress address = is_url ? parse_url(text) : parse_name(text);
  const bool fit = plain_segment(address.owner) && plain_segment(address.name) && plain_path(address.revision) &&
                   (address.file.isEmpty() || (plain_path(address.file) && address.file.endsWith(".gguf")));
  if (!fit) bad_address(text);
  return address;
}

QString HubAddress::text() const {
  if (hub.isEmpty()) {
    return repository() + QLatin1Char('@') + revision + (file.isEmpty() ? QString() : QLatin1Char(':') + file);
  }
  // As an address, so that it leads to the same hub again.
  const QString page = file.isEmpty() ? QStringLiteral("/tree/") : QStringLiteral("/blob/");
  QString url =
      hub.toString() + QLatin1Char('/') + repository() + page + QString::fromLatin1(QUrl::toPercentEncoding(revision));
  return file.isEmpty() ? url : url + QLatin1Char('/') + file;
}

std::vector<HubFile> parseHubTree(const QByteArray& json, const QString& label) {
  QJsonParseError error{};
  const QJsonDocument document = QJsonDocument::fromJson(json, &error);
  if (!document.isArray()) {
    throw FormatError(
        label.toStdString() + ": the hub's list of files cannot be read (" +
        (error.error == QJsonParseError::NoError ? std::string("it is no list") : error.errorString().toStdString()) +
        ")");
  }
  std::vector<HubFile> files;
  for (const QJsonValue& value : document.array()) {
    const QJsonObject entry = value.toObject();
    const QString path = entry[QStringLiteral("path")].toString();
    if (leads_out(path)) {
      throw FormatError(label.toStdString() + ": the hub lists a file \"" + printable_of(path).toStdString() +
                        "\", want paths inside the model's folder");
    }
    if (entry[QStringLiteral("type")].toString() != QLatin1String("file")) continue;
    const QJsonObject lfs = entry[QStringLiteral("lfs")].toObject();
    HubFile file{.path = path,
                 .size = static_cast<qint64>(entry[QStringLiteral("size")].toDouble(-1)),
                 .sha256 = hexadecimal_of(lfs[QStringLiteral("oid")], 64),
                 .git = lfs.isEmpty() ? hexadecimal_of(entry[QStringLiteral("oid")], 40) : QByteArray()};
    if (file.size < 0 || file.size > hub_max_file) {
      throw FormatError(label.toStdString() + ": the hub gives no fit size for \"" + printable_of(path).toStdString() +
                        "\"");
    }
    files.push_back(std::move(file));
  }
  return files;
}

std::vector<HubFile> neededHubFiles(const std::vector<HubFile>& all, const HubAddress& address) {
  const std::string label = address.repository().toStdString();
  QStringList ggufs;
  for (const HubFile& file : all) {
    if (file.path.endsWith(QLatin1String(".gguf"))) ggufs << file.path;
  }
  const bool has_config = std::any_of(all.begin(), all.end(), [](const HubFile& file) {
    return file.path == QLatin1String("config.json") || file.path == QLatin1String("params.json");
  });
  const auto weights = has_config ? weights_of(all) : std::function<bool(const QString&)>();
  QString gguf = address.file;
  if (!gguf.isEmpty() && !ggufs.contains(gguf)) {
    throw FormatError(label + ": has no file " + gguf.toStdString() + "; its GGUF files are " +
                      (ggufs.isEmpty() ? std::string("none") : ggufs.join(QStringLiteral(", ")).toStdString()));
  }
  if (gguf.isEmpty() && !weights && ggufs.size() > 1) {
    throw HubChoiceNeeded(label + ": has " + std::to_string(ggufs.size()) + " GGUF files; name one, such as " +
                              (address.repository() + QLatin1Char(':') + ggufs.first()).toStdString(),
                          ggufs);
  }
  if (gguf.isEmpty() && !weights && ggufs.size() == 1) gguf = ggufs.first();
  if (gguf.isEmpty() && !weights) {
    throw FormatError(label + ": no model that Holdfast reads: neither config.json with weights nor a .gguf file");
  }
  std::vector<HubFile> needed;
  for (const HubFile& file : all) {
    const bool card = file.path == QLatin1String("README.md") || file.path.startsWith(QLatin1String("LICENSE"));
    const bool wanted = gguf.isEmpty() ? is_config(file.path) || weights(file.path) : card || file.path == gguf;
    if (!wanted) continue;
    if (!plain_path(file.path)) {
      throw FormatError(label + ": the file name \"" + printable_of(file.path).toStdString() +
                        "\" holds other than letters, digits and . _ + = -");
    }
    needed.push_back(file);
  }
  std::stable_sort(needed.begin(), needed.end(), [](const HubFile& a, const HubFile& b) {
    return (a.path != QLatin1String("config.json")) < (b.path != QLatin1String("config.json")) ||
           ((a.path == QLatin1String("config.json")) == (b.path == QLatin1String("config.json")) &&
            is_config(a.path) > is_config(b.path));
  });
  return needed;
}

}  // namespace holdfast
