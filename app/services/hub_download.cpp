#include "app/services/hub_download.h"

#include <fcntl.h>
#include <unistd.h>

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QEventLoop>
#include <QFile>
#include <QHostAddress>
#include <QLockFile>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QRegularExpression>
#include <QSslSocket>
#include <QTimer>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "app/catalogue/model_facts.h"
#include "app/files/paths.h"
#include "app/jobs/job.h"
#include "engine/atomic_file.h"
#include "engine/checkpoint.h"
#include "engine/checkpoint_config.h"
#include "engine/json.h"
#include "kernels/error.h"
#include "kernels/size_text.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

using HubClock = std::chrono::steady_clock;

constexpr qint64 hub_list_max_bytes = qint64{16} << 20;
constexpr qint64 hub_buffer_bytes = qint64{4} << 20;
constexpr qint64 hub_piece_bytes = qint64{256} << 10;
constexpr std::uintmax_t hub_spare_bytes = std::uintmax_t{64} << 20;  // left free on the disk
constexpr int hub_most_pages = 64;
constexpr int hub_most_redirects = 8;
constexpr const char* download_folder = ".download";

// The connection failed or the server is out of order for now: trying again may help.
class HubCut : public IoError {
 public:
  using IoError::IoError;
};

bool is_loopback(const QUrl& url) {
  return url.host() == QLatin1String("localhost") || QHostAddress(url.host()).isLoopback();
}
bool is_secure(const QUrl& url) { return url.scheme() == QLatin1String("https"); }
bool is_local(const QUrl& url) { return url.scheme() == QLatin1String("http") && is_loopback(url); }
bool same_origin(const QUrl& a, const QUrl& b) {
  return a.scheme() == b.scheme() && a.host() == b.host() && a.port(-1) == b.port(-1);
}

void check_hub(const QUrl& hub) {
  if (hub.isValid() && !hub.host().isEmpty() && (is_secure(hub) || is_local(hub))) return;
  throw ArgumentError("hub address \"" + hub.toString(QUrl::RemoveUserInfo).toStdString() +
                      "\": want https://..., or http:// on this machine");
}

QString file_name_of(const HubFile& file) { return file.path.section(QLatin1Char('/'), -1); }

std::string oid_of(const HubFile& file) { return (file.sha256.isEmpty() ? file.git : file.sha256).toStdString(); }

fs::path folder_of(const fs::path& models, const HubAddress& address) {
  QString name = address.owner + QStringLiteral("--") + address.name + QStringLiteral("--") + address.revision;
  if (!address.file.isEmpty()) name += QStringLiteral("--") + address.file;
  name.replace(QLatin1Char('/'), QLatin1Char('+'));
  return models / download_folder / name.toStdString();
}

[[noreturn]] void refuse(int status, const std::string& what) {
  switch (status) {
    case 401:
      throw IoError(what + ": the hub wants to know who asks (401): the model is private, has terms to accept, or is " +
                    "not there; set HF_TOKEN to a token of yours");
    case 403:
      throw IoError(what + ": the hub does not give it to you (403): accept its terms on the model's page, and set " +
                    "HF_TOKEN to a token of yours");
    case 404: throw IoError(what + ": the hub does not have it (404)");
    default: break;
  }
  const std::string message = what + ": the hub answered " + std::to_string(status);
  if (status == 408 || status == 429 || status >= 500) throw HubCut(message);
  throw IoError(message);
}

// Runs a loop until it quits by itself or the stop is requested. Throws Cancelled.
void run_loop(QEventLoop& loop, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [&loop] {
    QMetaObject::invokeMethod(
        &loop, [&loop] { loop.quit(); }, Qt::QueuedConnection);
  });
  if (!stop.stop_requested()) loop.exec();
  if (stop.stop_requested()) throw Cancelled{};
}

void wait_some(int milliseconds, const std::stop_token& stop) {
  QEventLoop loop;
  QTimer::singleShot(milliseconds, &loop, &QEventLoop::quit);
  run_loop(loop, stop);
}

// What the hub promised of a file, checked while its bytes come.
class Promise {
 public:
  explicit Promise(const HubFile& file)
      : file_(file), hash_(file.sha256.isEmpty() ? QCryptographicHash::Sha1 : QCryptographicHash::Sha256) {
    restart();
  }
  void restart() {
    hash_.reset();
    // Git's hash is over a header and the bytes.
    if (file_.sha256.isEmpty()) hash_.addData(QByteArray("blob " + QByteArray::number(file_.size)) + '\0');
  }
  void add(const QByteArray& bytes) { hash_.addData(bytes); }
  // Empty when kept, or when nothing was promised.
  [[nodiscard]] std::string broken() const {
    const QByteArray& want = file_.sha256.isEmpty() ? file_.git : file_.sha256;
    const QByteArray got = hash_.result().toHex();
    if (want.isEmpty() || got == want) return {};
    return std::string(file_.sha256.isEmpty() ? "git hash " : "sha256 ") + got.toStdString() + ", the hub promised " +
           want.toStdString();
  }

 private:
  const HubFile& file_;
  QCryptographicHash hash_;
};

}  // namespace

struct HubDownload::Answer {
  int status = 0;
  QUrl url;
  QByteArray etag;
  QByteArray range;
  QByteArray link;
  QByteArray location;
};

struct HubDownload::Transfer {
  QByteArray range{};
  QByteArray ifRange{};
  std::function<void(const Answer&)> begin{};  // of a good answer, before its bytes
  std::function<void(const QByteArray&)> data{};
};

struct HubDownload::Speed {
  HubClock::time_point told{};
  HubClock::time_point sampled = HubClock::now();
  qint64 bytes = 0;  // since then
  double rate = 0.0;
};

// What is known of the files in a download's folder; kept in it, and with the model when it is complete.
class HubDownload::Record {
 public:
  struct File {
    std::string oid;
    std::string etag;
    qint64 size = 0;
    bool complete = false;
  };

  Record(fs::path folder, std::string address, std::string hub)
      : folder_(std::move(folder)), address_(std::move(address)), hub_(std::move(hub)) {
    try {
      const Json json = read_json(folder_ / model_source_file);
      if (json.value("hub", "") != hub_) return;
      for (const auto& [name, entry] : json.at("files").items()) {
        files_[name] = {entry.value("oid", ""), entry.value("etag", ""), entry.value("size", qint64{0}),
                        entry.value("complete", false)};
      }
    } catch (const std::exception&) {
      files_.clear();  // unreadable: everything is fetched anew
    }
  }

  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] fs::path path(const HubFile& file) const { return folder_ / file_name_of(file).toStdString(); }
  [[nodiscard]] fs::path part(const HubFile& file) const { return path(file).string() + ".part"; }
  // What is known of it, if it is still the file that the hub has.
  [[nodiscard]] std::optional<File> known(const HubFile& file) const {
    const auto found = files_.find(file_name_of(file).toStdString());
    if (found == files_.end() || found->second.oid != oid_of(file) || found->second.size != file.size) return {};
    return found->second;
  }
  [[nodiscard]] bool complete(const HubFile& file) const {
    const auto found = known(file);
    std::error_code error;
    return found && found->complete && !found->oid.empty() &&
           fs::file_size(path(file), error) == static_cast<std::uintmax_t>(file.size) && !error;
  }
  void note(const HubFile& file, const QByteArray& etag, bool is_complete) {
    files_[file_name_of(file).toStdString()] = {oid_of(file), etag.toStdString(), file.size, is_complete};
    Json list = Json::object();
    for (const auto& [name, entry] : files_) {
      list[name] = {{"oid", entry.oid}, {"etag", entry.etag}, {"size", entry.size}, {"complete", entry.complete}};
    }
    const Json json = {{"address", address_}, {"hub", hub_}, {"files", list}};
    write_file_atomically(folder_ / model_source_file, json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n");
  }
  // Files of an earlier state of the repository.
  void keep_only(const std::vector<HubFile>& files) {
    std::set<fs::path> wanted{folder_ / model_source_file};
    for (const HubFile& file : files) wanted.insert({path(file), part(file)});
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (!wanted.contains(entry.path())) fs::remove_all(entry.path());
    }
    std::erase_if(files_, [&](const auto& known) { return !wanted.contains(folder_ / known.first); });
  }

 private:
  fs::path folder_;
  std::string address_;
  std::string hub_;
  std::map<std::string, File> files_;
};

HubSettings HubSettings::fromEnvironment(const fs::path& models, const QString& hub) {
  HubSettings settings;
  settings.models = models;
  if (!hub.trimmed().isEmpty()) settings.hub = QUrl(hub.trimmed());
  if (const QString set = qEnvironmentVariable("HF_ENDPOINT"); !set.isEmpty()) settings.hub = QUrl(set);
  settings.token = qgetenv("HF_TOKEN").trimmed();
  check_hub(settings.hub);
  return settings;
}

HubDownload::HubDownload(HubSettings settings) : settings_(std::move(settings)), speed_(std::make_unique<Speed>()) {
  check_hub(settings_.hub);
}
HubDownload::~HubDownload() = default;

QUrl HubDownload::hubOf(const HubAddress& address) const {
  QUrl hub = address.hub.isEmpty() ? settings_.hub : address.hub;
  check_hub(hub);
  QString path = hub.path();
  while (path.endsWith(QLatin1Char('/'))) path.chop(1);
  hub.setPath(path);
  hub.setUserInfo(QString());
  hub.setQuery(QString());
  hub.setFragment(QString());
  return hub;
}

HubDownload::Answer HubDownload::getOnce(const QUrl& url, const Transfer& transfer, bool withToken,
                                         const std::stop_token& stop) {
  if (is_secure(url) && !QSslSocket::supportsSsl()) {
    throw IoError(url.host().toStdString() + ": no secure connection: Qt finds no OpenSSL 3 (libssl3) on this machine");
  }
  QNetworkRequest request(url);
  request.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
  request.setTransferTimeout(settings_.timeoutMilliseconds);
  request.setHeader(QNetworkRequest::UserAgentHeader,
                    QStringLiteral("holdfast/%1").arg(QCoreApplication::applicationVersion()));
  request.setRawHeader("Accept-Encoding", "identity");  // ranges and hashes are of the bytes as they are
  if (withToken) request.setRawHeader("Authorization", "Bearer " + settings_.token);
  if (!transfer.range.isEmpty()) request.setRawHeader("Range", transfer.range);
  if (!transfer.ifRange.isEmpty()) request.setRawHeader("If-Range", transfer.ifRange);
  const std::unique_ptr<QNetworkReply> reply(manager_->get(request));
  reply->setReadBufferSize(hub_buffer_bytes);
  QEventLoop loop;
  std::exception_ptr fault;
  Answer answer;
  bool begun = false;
  const auto good = [&] { return answer.status >= 200 && answer.status < 300; };
  const auto take = [&] {
    if (fault) return;
    try {
      if (!begun) {
        answer = {.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt(),
                  .url = url,
                  .etag = reply->rawHeader("ETag"),
                  .range = reply->rawHeader("Content-Range"),
                  .link = reply->rawHeader("Link"),
                  .location = reply->rawHeader("Location")};
        begun = true;
        if (good() && transfer.begin) transfer.begin(answer);
      }
      while (reply->bytesAvailable() > 0) {
        const QByteArray bytes = reply->read(hub_piece_bytes);
        if (good() && transfer.data) transfer.data(bytes);
      }
    } catch (...) {
      fault = std::current_exception();
      loop.quit();
    }
  };
  QObject::connect(reply.get(), &QNetworkReply::readyRead, &loop, take);
  QObject::connect(reply.get(), &QNetworkReply::finished, &loop, &QEventLoop::quit);
  if (!reply->isFinished()) run_loop(loop, stop);
  if (!fault) take();
  if (fault) std::rethrow_exception(fault);
  const QNetworkReply::NetworkError error = reply->error();
  if (error != QNetworkReply::NoError && (answer.status == 0 || good())) {
    const std::string host = url.host().toStdString();
    if (error == QNetworkReply::SslHandshakeFailedError || error == QNetworkReply::ProtocolUnknownError) {
      throw IoError(host + ": no secure connection: " + reply->errorString().toStdString());
    }
    throw HubCut(host + ": " +
                 (error == QNetworkReply::OperationCanceledError ? std::string("no answer in time")
                                                                 : reply->errorString().toStdString()));
  }
  return answer;
}

HubDownload::Answer HubDownload::get(const QUrl& from, const Transfer& transfer, const std::stop_token& stop) {
  QUrl url = from;
  for (int hop = 0; hop <= hub_most_redirects; ++hop) {
    const bool withToken = !settings_.token.isEmpty() && same_origin(url, settings_.hub);
    const Answer answer = getOnce(url, transfer, withToken, stop);
    const bool redirect = answer.status >= 301 && answer.status <= 308 && answer.status != 304;
    if (!redirect || answer.location.isEmpty()) return answer;
    const QUrl next = url.resolved(QUrl::fromEncoded(answer.location));
    if (!is_secure(next) && !(is_local(next) && is_local(url))) {
      throw IoError(url.host().toStdString() + ": sends on to " + next.scheme().toStdString() + "://" +
                    next.host().toStdString() + ", want https");
    }
    url = next;
  }
  throw IoError(from.host().toStdString() + ": sends on more than " + std::to_string(hub_most_redirects) + " times");
}

std::vector<HubFile> HubDownload::list(const HubAddress& address, const std::stop_token& stop) {
  if (!manager_) manager_ = std::make_unique<QNetworkAccessManager>();
  const std::string label = address.text().toStdString();
  const QUrl hub = hubOf(address);
  QUrl url(hub.toString() + QStringLiteral("/api/models/") + address.repository() + QStringLiteral("/tree/") +
               QString::fromLatin1(QUrl::toPercentEncoding(address.revision)) + QStringLiteral("?recursive=true"),
           QUrl::StrictMode);
  std::vector<HubFile> files;
  qint64 total = 0;
  for (int page = 0; page < hub_most_pages; ++page) {
    QByteArray json;
    const Transfer transfer{.data = [&](const QByteArray& bytes) {
      total += bytes.size();
      if (total > hub_list_max_bytes) throw FormatError(label + ": the hub's list of files is longer than 16 MiB");
      json += bytes;
    }};
    const Answer answer = get(url, transfer, stop);
    if (answer.status < 200 || answer.status >= 300) refuse(answer.status, label);
    for (HubFile& file : parseHubTree(json, address.text())) files.push_back(std::move(file));
    static const QRegularExpression next(QStringLiteral("<([^>]*)>\\s*;\\s*rel=\"?next\"?"));
    const QRegularExpressionMatch match = next.match(QString::fromLatin1(answer.link));
    if (!match.hasMatch()) return files;
    url = answer.url.resolved(QUrl(match.captured(1)));
    if (!same_origin(url, answer.url)) throw IoError(label + ": the hub's list of files goes on at another host");
  }
  throw FormatError(label + ": the hub's list of files has more than " + std::to_string(hub_most_pages) + " pages");
}

void HubDownload::advance(qint64 bytes, bool force) {
  now_.done += bytes;
  const auto now = HubClock::now();
  speed_->bytes += std::max<qint64>(bytes, 0);
  const double seconds = std::chrono::duration<double>(now - speed_->sampled).count();
  if (seconds >= 0.5) {  // an average over some seconds
    const double rate = static_cast<double>(speed_->bytes) / seconds;
    speed_->rate = speed_->rate == 0.0 ? rate : 0.8 * speed_->rate + 0.2 * rate;
    speed_->bytes = 0;
    speed_->sampled = now;
  }
  now_.bytesPerSecond = speed_->rate;
  if (!force && now - speed_->told < std::chrono::milliseconds(100)) return;
  speed_->told = now;
  if (progress_ != nullptr && *progress_) (*progress_)(now_);
}

// One attempt at what is missing of a file. False: what was there is of no use, and has been thrown away.
bool HubDownload::fetchRest(const HubAddress& address, const HubFile& file, Record& record,
                            const std::stop_token& stop) {
  const std::string label = address.repository().toStdString() + "/" + file.path.toStdString();
  const QString path = QString::fromStdString(record.part(file).string());
  QFile out(path);
  const auto known = record.known(file);
  if (!known) QFile::remove(path);
  if (!out.open(QIODevice::ReadWrite | QIODevice::Unbuffered)) {
    throw IoError(record.part(file).string() + ": " + out.errorString().toStdString());
  }
  // Without a hash or a mark of the version, two versions could be glued together.
  const QByteArray mark = known && !QByteArray::fromStdString(known->etag).startsWith("W/")
                              ? QByteArray::fromStdString(known->etag)
                              : QByteArray();
  const bool checked = !oid_of(file).empty();
  if ((mark.isEmpty() && !checked) || out.size() > file.size) out.resize(0);
  Promise promise(file);
  while (!out.atEnd()) {
    if (stop.stop_requested()) throw Cancelled{};
    const QByteArray bytes = out.read(hub_piece_bytes);
    if (bytes.isEmpty()) throw IoError(record.part(file).string() + ": " + out.errorString().toStdString());
    promise.add(bytes);
  }
  qint64 have = out.size();
  const qint64 had = have;
  now_.done += have;
  advance(0, true);
  try {
    if (have < file.size || file.size == 0) {
      Transfer transfer;
      if (have > 0) transfer.range = "bytes=" + QByteArray::number(have) + "-";
      if (have > 0) transfer.ifRange = mark;
      transfer.begin = [&](const Answer& answer) {
        const QByteArray want = "bytes " + QByteArray::number(have) + "-" + QByteArray::number(file.size - 1) + "/" +
                                QByteArray::number(file.size);
        const bool goes_on = answer.status == 206 && have > 0 && answer.range == want &&
                             (mark.isEmpty() || answer.etag.isEmpty() || answer.etag == mark);
        if (!goes_on) {
          now_.done -= have;
          have = 0;
          promise.restart();
          if (!out.resize(0) || !out.seek(0)) throw IoError(label + ": " + out.errorString().toStdString());
          if (answer.status != 200) throw HubCut(label + ": the hub sent another part than was asked for");
        }
        record.note(file, answer.etag, false);
      };
      transfer.data = [&](const QByteArray& bytes) {
        if (have + bytes.size() > file.size) {
          throw IoError(label + ": the hub sends more than the " + std::to_string(file.size) + " bytes it promised");
        }
        if (out.write(bytes) != bytes.size()) {
          throw IoError(record.part(file).string() + ": " + out.errorString().toStdString());
        }
        promise.add(bytes);
        have += bytes.size();
        advance(bytes.size());
      };
      const QUrl url(hubOf(address).toString() + QLatin1Char('/') + address.repository() + QStringLiteral("/resolve/") +
                         QString::fromLatin1(QUrl::toPercentEncoding(address.revision)) + QLatin1Char('/') + file.path,
                     QUrl::StrictMode);
      const Answer answer = get(url, transfer, stop);
      if (answer.status == 416 && had > 0) {
        out.resize(0);
        throw HubCut(label + ": the hub does not go on where this file stands");
      }
      if (answer.status < 200 || answer.status >= 300) refuse(answer.status, label);
    }
    if (have != file.size) {
      throw HubCut(label + ": ended after " + std::to_string(have) + " of " + std::to_string(file.size) + " bytes");
    }
  } catch (...) {
    now_.done -= have;  // counted again by the next attempt
    throw;
  }
  if (const std::string broken = promise.broken(); !broken.empty()) {
    out.remove();
    now_.done -= have;
    if (had > 0) return false;
    throw IoError(label + ": " + broken + ", so it was thrown away");
  }
  if (::fsync(out.handle()) != 0) throw IoError(record.part(file).string() + ": " + std::strerror(errno));
  out.close();
  fs::rename(record.part(file), record.path(file));
  record.note(file, {}, true);
  return true;
}

void HubDownload::fetchFile(const HubAddress& address, const HubFile& file, Record& record,
                            const std::stop_token& stop) {
  now_.file = file_name_of(file);
  int failures = 0;
  const auto stands = [&] {
    std::error_code error;
    const auto bytes = fs::file_size(record.part(file), error);
    return error ? 0 : bytes;
  };
  for (;;) {
    const auto before = stands();
    try {
      if (fetchRest(address, file, record, stop)) return;
    } catch (const HubCut& cut) {
      failures = stands() > before ? 1 : failures + 1;
      if (failures > settings_.retries) {
        throw IoError(std::string(cut.what()) + "; what has come is kept, and the download can go on later");
      }
      wait_some(settings_.retryMilliseconds << std::min(failures - 1, 5), stop);
    }
  }
}

namespace {

// Refused before gigabytes have come: a Transformer, a hybrid, a Mamba-1.
void check_config(const fs::path& file, const std::string& label) {
  const Json json = read_json(file);
  const JsonObject config(json, label);
  if (config_dialect(config) == ConfigDialect::hugging_face) {
    (void)hugging_face_config(config);
  } else {
    (void)mamba_ssm_config(config);
  }
}

void check_space(const fs::path& models, const std::string& label, qint64 missing) {
  std::error_code error;
  const fs::space_info space = fs::space(models, error);
  if (error || space.available >= static_cast<std::uintmax_t>(missing) + hub_spare_bytes) return;
  throw IoError(label + ": needs " + size_text(static_cast<double>(missing)) + ", and " + models.string() + " has " +
                size_text(static_cast<double>(space.available)) + " left");
}

}  // namespace

fs::path HubDownload::fetch(const HubAddress& address, const Progress& progress, const std::stop_token& stop) {
  const std::string label = address.text().toStdString();
  now_ = {};
  *speed_ = Speed{};
  progress_ = &progress;
  const std::vector<HubFile> files = neededHubFiles(list(address, stop), address);
  const auto gguf = std::ranges::find_if(files, [](const HubFile& f) { return f.path.endsWith(".gguf"); });
  QString name = gguf == files.end() ? address.name : file_name_of(*gguf);
  if (gguf != files.end()) name.chop(5);
  const fs::path target = settings_.models / name.toStdString();
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target, ignored))) {
    throw ArgumentError(label + ": " + target.string() + " is there already; rename or remove it first");
  }
  const fs::path folder = folder_of(settings_.models, address);
  fs::create_directories(folder);
  QLockFile lock(QString::fromStdString(folder.string() + ".lock"));
  lock.setStaleLockTime(0);  // a lock is stale when its process is gone
  if (!lock.tryLock(0)) throw IoError(label + ": is being downloaded by another Holdfast");
  Record record(folder, address.text().toStdString(), hubOf(address).toString().toStdString());
  record.keep_only(files);
  qint64 missing = 0;
  for (const HubFile& file : files) {
    now_.total += file.size;
    if (record.complete(file)) {
      now_.done += file.size;
      continue;
    }
    const auto part = record.known(file) ? fs::file_size(record.part(file), ignored) : 0;
    missing += file.size - (ignored ? 0 : std::min(file.size, static_cast<qint64>(part)));
  }
  check_space(settings_.models, label, missing);
  advance(0, true);
  for (const HubFile& file : files) {
    if (stop.stop_requested()) throw Cancelled{};
    if (!record.complete(file)) fetchFile(address, file, record, stop);
    if (file.path != QLatin1String("config.json")) continue;
    try {
      check_config(record.path(file), address.repository().toStdString() + "/config.json");
    } catch (const FormatError&) {
      fs::remove_all(folder, ignored);
      throw;
    }
  }
  advance(0, true);
  (void)Checkpoint::open(folder);  // throws for what is no model after all
  sync_folder(folder);
  fs::rename(folder, target);
  sync_folder(settings_.models);
  return target;
}

std::vector<HubDownload::Unfinished> HubDownload::unfinished(const fs::path& models) {
  std::vector<Unfinished> found;
  std::error_code error;
  for (fs::directory_iterator entry(models / download_folder, error), end; !error && entry != end;
       entry.increment(error)) {
    try {
      const Json json = read_json(entry->path() / model_source_file);
      found.push_back(
          {QString::fromStdString(json.at("address").get<std::string>()), entry->path(), bytes_on_disk(entry->path())});
    } catch (const std::exception&) {
      continue;  // nothing had come yet
    }
  }
  return found;
}

void HubDownload::discard(const fs::path& models, const QString& address) {
  for (const Unfinished& download : unfinished(models)) {
    if (download.address == address) fs::remove_all(download.folder);
  }
}

}  // namespace holdfast
