// A hub on this machine: answers HTTP as a test tells it to, and remembers what it was asked.
#pragma once

#include <QByteArray>
#include <QCryptographicHash>
#include <QHash>
#include <QHostAddress>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QPointer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QUrl>
#include <functional>

namespace holdfast::test {

struct HubRequest {
  QByteArray path;                       // with its query
  QMap<QByteArray, QByteArray> headers;  // names in small letters
};

struct HubReply {
  int status = 200;
  QList<QPair<QByteArray, QByteArray>> headers{};
  QByteArray body{};
  qsizetype cutAfter = -1;  // bytes of the body, then the connection breaks
  bool hang = false;        // says nothing more after that, and keeps the connection
};

class HubServer : public QObject {
 public:
  using Handler = std::function<HubReply(const HubRequest&)>;

  HubServer() {
    connect(&server_, &QTcpServer::newConnection, this, [this] {
      while (QTcpSocket* socket = server_.nextPendingConnection()) {
        connect(socket, &QTcpSocket::readyRead, this, [this, socket] { read(socket); });
        connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
      }
    });
    server_.listen(QHostAddress::LocalHost);
  }

  [[nodiscard]] QUrl url() const { return QUrl(QStringLiteral("http://127.0.0.1:%1").arg(server_.serverPort())); }

  // A file of OWNER/NAME at main. lfs: listed with its sha256, else with git's hash.
  void add(const QString& path, const QByteArray& content, bool lfs) {
    QJsonObject entry{{"type", "file"}, {"path", path}, {"size", content.size()}};
    if (lfs) {
      const QByteArray hash = QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex();
      entry["oid"] = QString(40, '0');
      entry["lfs"] = QJsonObject{{"oid", QString::fromLatin1(hash)}, {"size", content.size()}};
    } else {
      QCryptographicHash hash(QCryptographicHash::Sha1);
      hash.addData(QByteArray("blob " + QByteArray::number(content.size())) + '\0' + content);
      entry["oid"] = QString::fromLatin1(hash.result().toHex());
    }
    tree.append(entry);
    files[path] = content;
  }

  // Ranges are served; ETags are hashes.
  [[nodiscard]] HubReply serve(const HubRequest& request) const {
    const QByteArray path = request.path.split('?').first();
    if (path == "/api/models/owner/name/tree/main") {
      return {.headers = {{"Content-Type", "application/json"}}, .body = QJsonDocument(tree).toJson()};
    }
    const QByteArray prefix = "/owner/name/resolve/main/";
    const QString name = QString::fromLatin1(path.mid(prefix.size()));
    if (!path.startsWith(prefix) || !files.contains(name)) return {.status = 404};
    const QByteArray content = files[name];
    const QByteArray etag = '"' + QCryptographicHash::hash(content, QCryptographicHash::Md5).toHex() + '"';
    const QByteArray range = request.headers.value("range");
    const QByteArray ifRange = request.headers.value("if-range");
    if (range.startsWith("bytes=") && range.endsWith('-') && (ifRange.isEmpty() || ifRange == etag)) {
      const qsizetype from = range.mid(6).chopped(1).toLongLong();
      if (from >= content.size()) return {.status = 416};
      return {.status = 206,
              .headers = {{"ETag", etag},
                          {"Content-Range", "bytes " + QByteArray::number(from) + "-" +
                                                QByteArray::number(content.size() - 1) + "/" +
                                                QByteArray::number(content.size())}},
              .body = content.mid(from)};
    }
    return {.headers = {{"ETag", etag}}, .body = content};
  }

  // How often a file was asked for.
  [[nodiscard]] int asked(const QByteArray& path) const {
    int count = 0;
    for (const HubRequest& request : requests) count += request.path.contains(path) ? 1 : 0;
    return count;
  }

  QJsonArray tree;
  QMap<QString, QByteArray> files;
  QList<HubRequest> requests;
  Handler handler = [this](const HubRequest& request) { return serve(request); };

 private:
  void read(QTcpSocket* socket) {
    QByteArray& text = heads_[socket];
    text += socket->readAll();
    if (!text.contains("\r\n\r\n")) return;
    const QList<QByteArray> lines = text.left(text.indexOf("\r\n\r\n")).split('\n');
    HubRequest request{.path = lines.first().split(' ').value(1), .headers = {}};
    for (const QByteArray& line : lines.mid(1)) {
      const auto colon = line.indexOf(':');
      request.headers[line.left(colon).toLower()] = line.mid(colon + 1).trimmed();
    }
    heads_.remove(socket);
    requests << request;
    const HubReply reply = handler(request);
    QByteArray head = "HTTP/1.1 " + QByteArray::number(reply.status) +
                      " x\r\nConnection: close\r\nContent-Length: " + QByteArray::number(reply.body.size()) + "\r\n";
    for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
    socket->write(head + "\r\n");
    socket->write(reply.cutAfter < 0 ? reply.body : reply.body.left(reply.cutAfter));
    if (!reply.hang) socket->disconnectFromHost();
  }

  QTcpServer server_;
  QHash<QTcpSocket*, QByteArray> heads_;
};

}  // namespace holdfast::test
