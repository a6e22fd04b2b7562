#include "app/services/inspect_service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/store/store.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::int64_t inspect_most_samples = 4000;
constexpr std::int64_t inspect_every = 4;  // tokens from sample to sample, more in long texts

}  // namespace

InspectService::InspectService(const std::filesystem::path& dataDir, int threads, QObject* parent)
    : QObject(parent), database_(dataDir / "holdfast.db"), threads_(threads) {
  connect(&job_, &Job::failed, this, &InspectService::failed);
}

InspectService::~InspectService() { job_.cancel(); }

void InspectService::stop() { job_.cancel(); }

void InspectService::inspectText(const SharedModel& model, const QString& text) {
  const std::string bytes = text.toStdString();
  run(
      model,
      [tokenizer = model.tokenizer, bytes] {
        std::vector<TokenId> tokens;
        if (tokenizer->adds_bos() && tokenizer->bos()) tokens.push_back(*tokenizer->bos());
        for (const TokenId id : tokenizer->encode(bytes, true)) tokens.push_back(id);
        return tokens;
      },
      text.simplified().left(60));
}

void InspectService::inspectSession(const SharedModel& model, SessionId session, const QString& title) {
  run(
      model,
      [database = database_, session] {
        const Store store(database, {.check = false});
        std::vector<TokenId> tokens;
        for (const NodeRow& node : store.branch(session)) {
          if (node.tokens) tokens.insert(tokens.end(), node.tokens->begin(), node.tokens->end());
        }
        return tokens;
      },
      title);
}

void InspectService::run(const SharedModel& model, std::function<std::vector<TokenId>()> tokens, const QString& title) {
  job_.cancel();
  emit started();
  job_.post([this, model, tokens = std::move(tokens), title](const std::stop_token& stop) {
    std::shared_ptr<InspectResult> result;
    try {
      const auto begin = std::chrono::steady_clock::now();
      std::vector<TokenId> ids = tokens();
      if (ids.empty()) throw ArgumentError("there are no tokens to look at: ask a question first, or type a text");
      for (const TokenId id : ids) {
        if (id < 0 || id >= model.model->config().vocab_size) {
          throw FormatError("this session was written with another vocabulary than the model's that is open");
        }
      }
      Stream stream(model.model->device(), threads_);
      const std::int64_t every = std::max(inspect_every, std::ssize(ids) / inspect_most_samples + 1);
      const auto total = static_cast<double>(ids.size());
      const auto progress = [&](std::int64_t read) {
        QMetaObject::invokeMethod(
            this, [this, done = static_cast<double>(read) / total] { emit progressed(done); }, Qt::QueuedConnection);
      };
      Inspection seen =
          Inspection::of(*model.model, stream, ids, {.every = every, .keep_states = true}, progress, stop);
      if (seen.tokens() == std::ssize(ids)) {
        result = std::make_shared<InspectResult>(
            InspectResult{std::move(seen), model.model->config(), std::move(ids), {}, title, 0.0});
        for (const TokenId id : result->tokens) {
          const std::string_view bytes = model.tokenizer->bytes(id);
          result->pieces += bytes.empty() ? QString::fromStdString(model.tokenizer->piece(id))
                                          : QString::fromUtf8(bytes.data(), static_cast<qsizetype>(bytes.size()));
        }
        result->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      }
    } catch (...) {
      QMetaObject::invokeMethod(
          this, [this] { emit finished(nullptr); }, Qt::QueuedConnection);
      throw;
    }
    QMetaObject::invokeMethod(
        this, [this, result] { emit finished(result); }, Qt::QueuedConnection);
  });
}

}  // namespace holdfast
