// Inspections that are kept in stretches: what is found of a text, what is missing of it, and what they may take.
//
// Faults that were planted in app/services/inspection_keeper.cpp, and seen to fail here:
//   what a stretch follows not looked at; ends not cut where the next one begins; use not noted; a damaged one not
//   replaced by another; replace() taking all away; no quota.
#include "app/services/inspection_keeper.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <fstream>

#include "engine/session.h"
#include "kernels/error.h"
#include "tests/support/data.h"

using namespace holdfast;
namespace fs = std::filesystem;
using Gaps = std::vector<std::pair<std::int64_t, std::int64_t>>;

namespace {

constexpr SessionId session{7};
const std::string weights = "weights 1";

Mamba2Config keeper_config() {
  Mamba2Config config;
  config.d_model = 24;
  config.n_layer = 2;
  config.n_heads = 4;
  config.head_dim = 12;
  config.d_state = 8;
  config.n_groups = 1;
  config.d_conv = 4;
  config.vocab_size = 77;
  config.vocab_used = 77;
  config.tied_embeddings = true;
  return config;
}

std::vector<TokenId> some_text(std::size_t tokens, std::uint64_t seed) {
  test::Random random(seed);
  std::vector<TokenId> ids;
  for (std::size_t i = 0; i < tokens; ++i) ids.push_back(static_cast<TokenId>(random.below(77)));
  return ids;
}

std::vector<TokenId> joined(std::span<const TokenId> first, std::span<const TokenId> then) {
  std::vector<TokenId> all(first.begin(), first.end());
  all.insert(all.end(), then.begin(), then.end());
  return all;
}

}  // namespace

class InspectionKeeperTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  Stream stream_{Device::cpu(), 1};
  std::shared_ptr<const Mamba2Model> model_ = Mamba2Model::random(stream_, keeper_config(), WeightFormat::f32, 7);

  [[nodiscard]] fs::path folder() const { return fs::path(folder_->path().toStdString()) / "inspections"; }
  [[nodiscard]] std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(folder())) all.push_back(entry.path());
    return all;
  }
  [[nodiscard]] fs::path file_from(std::int64_t from) const {
    for (const fs::path& file : files()) {
      if (Inspection::stretch_of(file).from == from) return file;
    }
    throw std::logic_error("no file from there");
  }
  // What the model did with the tokens [from, to) of the text, kept.
  void keep(InspectionKeeper& keeper, std::span<const TokenId> text, std::size_t from, std::size_t to) {
    State state(model_->device(), model_->config());
    if (from > 0) model_->forward(stream_, text.first(from), state, {});
    const auto own = text.subspan(from, to - from);
    const SeenStretch stretch{.from = static_cast<std::int64_t>(from),
                              .after = prefix_hash(0, text.first(from)),
                              .tokens = {own.begin(), own.end()}};
    keeper.keep(session, weights, stretch, Inspection::behind(state, stretch.from, *model_, stream_, own));
  }
  [[nodiscard]] KeptInspections find(const InspectionKeeper& keeper, std::span<const TokenId> text) const {
    return keeper.find(session, weights, 0, text, model_->config());
  }
  // Every part is what the model did with just these tokens.
  void agree(const KeptInspections& kept, std::span<const TokenId> text) {
    const Inspection whole = Inspection::of(*model_, stream_, text);
    for (const KeptInspections::Part& part : kept.parts) {
      const std::int64_t last = part.seen.tokens() - 1;
      for (const std::int64_t written : {std::int64_t{0}, last / 2, last}) {
        const auto got = part.seen.retention(written, last);
        const auto want = whole.retention(part.from + written, part.from + last);
        for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(std::abs(got[i] - want[i]) < 1e-5);
      }
    }
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void stretches_of_a_text_are_found_in_order() {
    InspectionKeeper keeper(folder());
    const auto text = some_text(300, 1);
    QVERIFY(find(keeper, text).parts.empty());
    QCOMPARE(find(keeper, text).gaps(300), (Gaps{{0, 300}}));
    for (const auto& [from, to] : {std::pair{100, 101}, {0, 100}, {101, 250}, {250, 300}}) {
      keep(keeper, text, static_cast<std::size_t>(from), static_cast<std::size_t>(to));
    }
    const KeptInspections kept = find(keeper, text);
    QCOMPARE(kept.parts.size(), std::size_t{4});
    QVERIFY(kept.gaps(300).empty() && kept.damaged.empty());
    agree(kept, text);
    // Of a beginning, and of a text that goes on.
    const auto beginning = std::span<const TokenId>(text).first(130);
    const KeptInspections some = find(keeper, beginning);
    QCOMPARE(some.parts.size(), std::size_t{3});
    QCOMPARE(some.parts.back().seen.tokens(), std::int64_t{29});
    QVERIFY(some.gaps(130).empty());
    agree(some, beginning);
    QCOMPARE(find(keeper, joined(text, some_text(9, 2))).gaps(309), (Gaps{{300, 309}}));
    // Neither of other weights, nor of another session, nor behind another state.
    const auto none = [&](SessionId id, const char* model, std::uint64_t after) {
      return keeper.find(id, model, after, text, model_->config()).parts.empty();
    };
    QVERIFY(none({8}, "weights 1", 0) && none(session, "weights 2", 0) && none(session, "weights 1", 5));
    QCOMPARE(files().size(), std::size_t{4});
  }

  void branches_have_the_stretches_before_they_part_in_common() {
    InspectionKeeper keeper(folder());
    const auto question = some_text(100, 1), one = some_text(80, 2);
    auto other = some_text(90, 3);
    std::copy_n(one.begin(), 5, other.begin());  // they part within the answer
    const auto first = joined(question, one), second = joined(question, other);
    keep(keeper, first, 0, 100);
    keep(keeper, first, 100, 180);
    KeptInspections kept = find(keeper, second);
    QCOMPARE(kept.gaps(190), (Gaps{{105, 190}}));
    agree(kept, second);
    keep(keeper, second, 100, 190);  // as a fork is: read again from the state behind the question
    kept = find(keeper, second);
    QCOMPARE(kept.parts.size(), std::size_t{2});
    QVERIFY(kept.gaps(190).empty());
    agree(kept, second);
    agree(find(keeper, first), first);
    QVERIFY(find(keeper, first).gaps(180).empty());
    QCOMPARE(files().size(), std::size_t{3});
    // A stretch of both that begins within another: what is before it is cut there.
    keep(keeper, second, 60, 190);
    kept = find(keeper, second);
    QCOMPARE(kept.parts.size(), std::size_t{2});
    QCOMPARE(kept.parts.front().seen.tokens(), std::int64_t{60});
    agree(kept, second);
    // One recorder's view of all takes the place of what lies within it, and of nothing else.
    SeenStretch whole{.from = 0, .after = 0, .tokens = second};
    keeper.replace(session, weights, whole, Inspection::of(*model_, stream_, second));
    QCOMPARE(files().size(), std::size_t{2});
    QVERIFY(find(keeper, second).gaps(190).empty() && find(keeper, first).gaps(180).empty());
    agree(find(keeper, first), first);
  }

  void a_missing_or_damaged_stretch_is_a_gap_and_nothing_else() {
    InspectionKeeper keeper(folder());
    const auto text = some_text(400, 1);
    for (const std::size_t from : {0u, 100u, 200u, 300u}) keep(keeper, text, from, from + 100);
    fs::remove(file_from(300));
    const fs::path damaged = file_from(100);
    {
      std::fstream bytes(damaged, std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekp(-5, std::ios::end);
      const char before = static_cast<char>(bytes.peek());
      bytes.put(static_cast<char>(before ^ 1));
    }
    KeptInspections kept = find(keeper, text);
    QCOMPARE(kept.gaps(400), (Gaps{{100, 200}, {300, 400}}));
    QCOMPARE(kept.damaged.size(), std::size_t{1});
    QVERIFY2(kept.damaged[0].find(damaged.filename().string()) != std::string::npos, kept.damaged[0].c_str());
    agree(kept, text);
    QVERIFY(!fs::exists(damaged));  // said once
    QVERIFY(find(keeper, text).damaged.empty());
    // Not even a file of this kind; and one that claims to begin nowhere.
    std::ofstream(folder() / damaged.filename()) << "no inspection";
    kept = find(keeper, text);
    QCOMPARE(kept.gaps(400), (Gaps{{100, 200}, {300, 400}}));
    QCOMPARE(kept.damaged.size(), std::size_t{1});
    for (const std::int64_t from : {std::int64_t{-1}, std::int64_t{1} << 62}) {
      const SeenStretch nowhere{.from = from, .after = 0, .tokens = {text.begin(), text.begin() + 10}};
      keeper.keep(session, weights, nowhere, Inspection::of(*model_, stream_, nowhere.tokens));
    }
    QCOMPARE(find(keeper, text).gaps(400), (Gaps{{100, 200}, {300, 400}}));
    // Where another stretch has the same tokens, it stands in.
    keep(keeper, text, 90, 210);
    keep(keeper, text, 300, 400);
    QVERIFY(find(keeper, text).gaps(400).empty());
    fs::resize_file(file_from(90), 1000);
    kept = find(keeper, text);
    QCOMPARE(kept.gaps(400), (Gaps{{100, 200}}));
    agree(kept, text);
  }

  void the_longest_unused_go_when_there_are_too_many() {
    const auto text = some_text(2000, 1);
    std::uintmax_t most = 0;
    {
      InspectionKeeper keeper(folder());
      keep(keeper, text, 0, 100);
      most = fs::file_size(files().front()) * 10;
    }
    const auto size = [&] {
      std::uintmax_t sum = 0;
      for (const fs::path& file : files()) sum += fs::file_size(file);
      return sum;
    };
    InspectionKeeper keeper(folder(), most);
    const auto age = [&](std::int64_t from, int hours) {
      fs::last_write_time(file_from(from), fs::file_time_type::clock::now() - std::chrono::hours(hours));
    };
    for (std::size_t from = 100; from < 900; from += 100) {
      keep(keeper, text, from, from + 100);
      age(static_cast<std::int64_t>(from), 30 - static_cast<int>(from / 100));
    }
    age(0, 30);
    QCOMPARE(files().size(), std::size_t{9});
    (void)find(keeper, std::span<const TokenId>(text).first(200));  // the first two are used
    for (std::size_t from = 900; from < 1300; from += 100) {
      keep(keeper, text, from, from + 100);
      QVERIFY(size() <= most + most / 8);
    }
    const KeptInspections kept = find(keeper, text);
    const auto there = [&](std::int64_t from) {
      return std::ranges::any_of(kept.parts, [&](const auto& part) { return part.from == from; });
    };
    QVERIFY(there(0) && there(100) && !there(200) && !there(300) && there(800) && there(1200));
    // Another program that starts on the folder looks through it with its first word.
    InspectionKeeper later(folder(), most / 2);
    keep(later, some_text(100, 5), 0, 100);
    QVERIFY(size() <= most / 2);
    QCOMPARE(find(later, some_text(100, 5)).parts.size(), std::size_t{1});
  }

  void what_cannot_be_written_is_said() {
    std::ofstream(folder()) << "a file where the folder is to be";
    InspectionKeeper keeper(folder());
    const auto text = some_text(10, 1);
    QVERIFY_EXCEPTION_THROWN(keep(keeper, text, 0, 10), IoError);
  }
};

QTEST_GUILESS_MAIN(InspectionKeeperTest)
#include "inspection_keeper_test.moc"
