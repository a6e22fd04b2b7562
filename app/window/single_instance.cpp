#include "app/window/single_instance.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <QCryptographicHash>
#include <QDir>
#include <QLocalServer>
#include <QLocalSocket>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr int answer_milliseconds = 2000;

// A socket's path may have about 100 bytes, a data directory's more: it is named by a hash, in a private folder.
QString socket_name(const fs::path& dataDir) {
  const QByteArray path = QByteArray::fromStdString(fs::weakly_canonical(dataDir).string());
  const QByteArray hash = QCryptographicHash::hash(path, QCryptographicHash::Sha256).toHex().left(16);
  return QStringLiteral("holdfast-%1-%2").arg(getuid()).arg(QString::fromLatin1(hash));
}

}  // namespace

SingleInstance::SingleInstance(const fs::path& dataDir, QObject* parent) : QObject(parent), dataDir_(dataDir) {
  std::error_code error;
  fs::create_directories(dataDir, error);
  if (error) throw IoError(dataDir.string() + ": the data directory cannot be made: " + error.message());
  const fs::path file = dataDir / "window.lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const int refused = errno;
  // Where nothing can be written, a lock can still be taken; where there has never been one, nothing can be spoiled.
  if (lock_ < 0) lock_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool reads_only = refused == EROFS || refused == EACCES || refused == ENOSPC || refused == EDQUOT;
  if (lock_ < 0 && reads_only && fs::is_directory(dataDir, error)) {
    first_ = true;
    return;
  }
  if (lock_ < 0) throw IoError(file.string() + ": cannot be written: " + std::strerror(refused));
  // The system gives the lock back however the process ends.
  first_ = ::flock(lock_, LOCK_EX | LOCK_NB) == 0;
  if (first_) listen();
}

SingleInstance::~SingleInstance() {
  if (server_ != nullptr) server_->close();
  if (lock_ >= 0) ::close(lock_);
}

void SingleInstance::listen() {
  server_ = new QLocalServer(this);
  server_->setSocketOptions(QLocalServer::UserAccessOption);
  QLocalServer::removeServer(socket_name(dataDir_));  // left by one that died: its lock is ours now
  connect(server_, &QLocalServer::newConnection, this, &SingleInstance::receive);
  server_->listen(socket_name(dataDir_));  // without it a second start is refused all the same
}

void SingleInstance::receive() {
  QLocalSocket* socket = server_->nextPendingConnection();
  connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
  connect(socket, &QLocalSocket::readyRead, this, [this, socket] {
    if (!socket->canReadLine()) return;
    const QString model = QString::fromUtf8(socket->readLine(8192)).trimmed();
    socket->write("raised\n");
    socket->flush();
    emit raiseRequested(model);
  });
}

bool SingleInstance::raiseFirst(const QString& model) const {
  QLocalSocket socket;
  socket.connectToServer(socket_name(dataDir_));
  if (!socket.waitForConnected(answer_milliseconds)) return false;
  socket.write(model.toUtf8() + '\n');
  return socket.waitForBytesWritten(answer_milliseconds) && socket.waitForReadyRead(answer_milliseconds);
}

}  // namespace holdfast
