#include "app/formulas/formula_renderer.h"

#include <QFile>
#include <QJSEngine>
#include <QJSValue>
#include <QLoggingCategory>

#include "kernels/error.h"

// Outside every namespace, as the macro wants it: a static library's resources are linked in only when asked for.
static void load_formula_resources() { Q_INIT_RESOURCE(formulas); }

namespace holdfast {
namespace {

constexpr int formulas_kept = 4000;
constexpr int watch_milliseconds = 100;

}  // namespace

FormulaRenderer::FormulaRenderer(QObject* parent, int budget)
    : QObject(parent), budget_(budget), cache_(formulas_kept) {
  load_formula_resources();
  clock_.start();
  watchdog_.setInterval(watch_milliseconds);
  connect(&watchdog_, &QTimer::timeout, this, &FormulaRenderer::watch);
}

FormulaRenderer::~FormulaRenderer() {
  closing_ = true;
  if (QJSEngine* engine = busy_) engine->setInterrupted(true);
  job_.post([this](const std::stop_token&) { engine_.reset(); });
}

FormulaRenderer::State FormulaRenderer::look(const QString& tex, bool display, const FormulaPicture** picture) {
  *picture = nullptr;
  if (tex.size() > longestTex) return State::refused;
  const Key key(tex, display);
  const Entry* entry = cache_.object(key);
  if (entry == nullptr) {
    order(key);
    return State::waiting;
  }
  if (entry->state == State::ready) *picture = &entry->picture;
  return entry->state;
}

void FormulaRenderer::order(const Key& key) {
  if (ordered_.contains(key)) return;
  ordered_.insert(key);
  watchdog_.start();
  job_.post([this, key](const std::stop_token&) {
    if (closing_) return;
    const QByteArray json = work(key);
    QMetaObject::invokeMethod(
        this, [this, key, json] { take(key, json); }, Qt::QueuedConnection);
  });
}

QByteArray FormulaRenderer::work(const Key& key) {
  if (!engine_) {
    QFile script(QStringLiteral(":/formulas/mathjax.js"));
    if (!script.open(QIODevice::ReadOnly)) throw IoError(":/formulas/mathjax.js: not part of this program");
    // The engine has an opinion on the order of declarations in minified code.
    QLoggingCategory::setFilterRules(QStringLiteral("qt.qml.compiler.warning=false"));
    engine_ = std::make_unique<QJSEngine>();
    const QJSValue loaded = engine_->evaluate(QString::fromUtf8(script.readAll()), QStringLiteral("mathjax.js"));
    if (loaded.isError()) throw FormatError("mathjax.js: " + loaded.toString().toStdString());
  }
  busySince_ = clock_.elapsed();
  busy_ = engine_.get();
  QJSValue formula = engine_->globalObject().property(QStringLiteral("formula"));
  const QJSValue result = formula.call({QJSValue(key.first), QJSValue(key.second)});
  busy_ = nullptr;
  engine_->setInterrupted(false);
  return result.isString() ? result.toString().toUtf8() : QByteArray();
}

void FormulaRenderer::take(const Key& key, const QByteArray& json) {
  auto picture = FormulaPicture::fromJson(json);
  auto entry = std::make_unique<Entry>();
  if (picture) *entry = {State::ready, std::move(*picture)};
  cache_.insert(key, entry.release());
  ordered_.remove(key);
  if (ordered_.isEmpty()) watchdog_.stop();
  emit rendered(key.first, key.second);
}

void FormulaRenderer::watch() {
  QJSEngine* engine = busy_;
  if (engine != nullptr && clock_.elapsed() - busySince_ > budget_) engine->setInterrupted(true);
}

}  // namespace holdfast
