#include "app/formulas/formula_renderer.h"

#include <utility>

namespace holdfast {
namespace {

constexpr int formulas_kept = 4000;

}  // namespace

FormulaRenderer::FormulaRenderer(QObject* parent, int budget, const QString& program)
    : QObject(parent), budget_(budget), cache_(formulas_kept), process_(program, closing_) {}

FormulaRenderer::~FormulaRenderer() {
  closing_ = true;
  job_.post([this](const std::stop_token&) { process_.end(); });
}

FormulaRenderer::State FormulaRenderer::look(const QString& tex, bool display, const FormulaPicture** picture) {
  *picture = nullptr;
  const Key key(tex, display);
  const Entry* entry = cache_.object(key);
  if (entry == nullptr) {
    if (is_too_much_tex(tex)) return State::refused;
    order(key);
    return State::waiting;
  }
  if (entry->state == State::ready) *picture = &entry->picture;
  return entry->state;
}

void FormulaRenderer::order(const Key& key) {
  if (ordered_.contains(key)) return;
  ordered_.insert(key);
  job_.post([this, key](const std::stop_token&) {
    if (closing_) return;
    const QByteArray answer = process_.typeset(key.first, key.second, budget_);
    QMetaObject::invokeMethod(
        this, [this, key, picture = FormulaPicture::fromJson(answer)] { take(key, picture); }, Qt::QueuedConnection);
  });
}

void FormulaRenderer::take(const Key& key, std::optional<FormulaPicture> picture) {
  auto entry = std::make_unique<Entry>();
  if (picture) *entry = {State::ready, std::move(*picture)};
  cache_.insert(key, entry.release());
  ordered_.remove(key);
  emit rendered(key.first, key.second);
}

}  // namespace holdfast
