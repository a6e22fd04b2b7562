#include "app/services/search_service.h"

#include <utility>

namespace holdfast {

SearchService::SearchService(std::filesystem::path dataDir, QObject* parent)
    : QObject(parent), dataDir_(std::move(dataDir)) {
  connect(&job_, &Job::failed, this, &SearchService::failed);
}

void SearchService::search(const QString& typed, const SearchFilter& filter) {
  const unsigned number = ++newest_;
  job_.post([this, typed, filter, number](const std::stop_token&) {
    if (number != newest_) return;
    if (!store_) store_ = std::make_unique<Store>(open_to_read(dataDir_ / "holdfast.db"));
    emit found(typed, store_->search(typed.toStdString(), filter));
  });
}

}  // namespace holdfast
