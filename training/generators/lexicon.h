// The words that tales are told with: lists by name, and scenes, whose words belong together (stickers are traded, eggs
// break).
//
// A list is "way|way"; a way may be "box/boxes", and may hold slots of tales. "#" in a way is the number it is told
// with.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "training/generators/kit.h"

namespace holdfast::generators {

using WordLists = std::map<std::string_view, std::vector<std::string_view>, std::less<>>;

// The list of that name, or none.
[[nodiscard]] const std::vector<std::string_view>* lexicon(std::string_view name);

class Scene {
 public:
  explicit Scene(WordLists lists) : lists_(std::move(lists)) {}
  [[nodiscard]] const std::vector<std::string_view>* find(std::string_view name) const {
    const auto found = lists_.find(name);
    return found == lists_.end() ? nullptr : &found->second;
  }

 private:
  WordLists lists_;
};

[[nodiscard]] std::span<const Scene> scenes();  // "item", "gain", "lose": somebody has things, gets more, loses some
[[nodiscard]] std::span<const Scene> places();  // "one", "in", "come", "leave": many in a place, who come and go
[[nodiscard]] std::span<const Scene>
amounts();  // "state", "up", "down", "asknow", "askfirst": something that is measured

[[nodiscard]] const Person& somebody(Maker& m);  // of many kinds, another one each time

}  // namespace holdfast::generators
