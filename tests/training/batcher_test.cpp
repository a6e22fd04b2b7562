// Mixing, order, packing and the place in the data.
//
// Planted faults seen caught: the window not saved with the cursor; a row longer than what is left of a micro-batch
// taken; another order for every row of an epoch; the refused rows of the end forgotten.

#include "training/batcher.h"

#include <QTest>
#include <map>

#include "kernels/error.h"
#include "tests/training/training_data.h"

using namespace holdfast;
using holdfast::test::message_of;

class BatcherTest final : public QObject {
  Q_OBJECT

 private:
  std::shared_ptr<const Tokenizer> tokenizer_ = test::golden_tokenizer();
  std::shared_ptr<const ChatTemplate> chat_ = test::chat_of(ChatFormat::plain, tokenizer_);

  BatchPlan plan(std::vector<MixturePart> parts) const {
    BatchPlan plan;
    plan.parts = std::move(parts);
    plan.seed = 11;
    plan.sequence_length = 256;
    plan.batch_tokens = 1500;
    plan.micro_batch_tokens = 512;
    plan.look_ahead = 24;
    return plan;
  }
  std::unique_ptr<Batcher> batcher(const BatchPlan& plan, const DataCursor& from = {}, int threads = 1) const {
    return std::make_unique<Batcher>(plan, chat_, tokenizer_, from, threads);
  }
  static MixturePart part(const char* name, std::optional<std::int64_t> rows, double weight,
                          std::int64_t bad_every = 0) {
    return {std::make_shared<test::CountingSource>(name, rows, bad_every), weight, false, {}};
  }
  static bool same(const StepBatch& a, const StepBatch& b) {
    if (a.rows != b.rows || a.after != b.after || a.micro_batches.size() != b.micro_batches.size()) return false;
    for (std::size_t i = 0; i < a.micro_batches.size(); ++i) {
      const TrainBatch& x = a.micro_batches[i];
      const TrainBatch& y = b.micro_batches[i];
      if (x.ids != y.ids || x.targets != y.targets || x.weights != y.weights || x.starts != y.starts) return false;
    }
    return true;
  }

 private slots:
  void any_number_of_threads_gives_the_same_batches() {
    const BatchPlan wanted = plan({part("a", 50, 1.0), part("b", std::nullopt, 2.0)});
    const auto one = batcher(wanted, {}, 1);
    const auto three = batcher(wanted, {}, 3);
    for (int i = 0; i < 40; ++i) QVERIFY(same(*one->next(), *three->next()));
  }

  void a_cursor_goes_on_with_the_next_batch() {
    const BatchPlan wanted = plan({part("a", 50, 1.0, 7), part("b", std::nullopt, 2.0)});
    const auto whole = batcher(wanted);
    for (int stop = 0; stop < 6; ++stop) {
      const StepBatch before = *whole->next();
      const Json saved = Json::parse(before.after.to_json().dump());
      const auto resumed = batcher(wanted, DataCursor::from_json(saved, "cursor"));
      const StepBatch next = *whole->next();
      QVERIFY(same(next, *resumed->next()));
    }
  }

  void micro_batches_are_full_but_never_too_full() {
    const BatchPlan wanted = plan({part("a", std::nullopt, 1.0)});
    const auto made = batcher(wanted);
    std::int64_t padded = 0;
    for (int i = 0; i < 50; ++i) {
      const StepBatch batch = *made->next();
      QCOMPARE(batch.micro_batches.size(), 3u);
      for (std::size_t m = 0; m < 3; ++m) {
        const TrainBatch& micro = batch.micro_batches[m];
        std::int64_t rows = 0;
        for (std::size_t s = 0; s + 1 < micro.starts.size(); ++s)
          rows += (micro.starts[s + 1] - micro.starts[s] + 63) / 64 * 64;
        QVERIFY(rows <= (m < 2 ? 512 : 476));
        QCOMPARE(static_cast<std::int64_t>(micro.starts.back()), static_cast<std::int64_t>(micro.ids.size()));
      }
      padded += batch.padded;
    }
    QVERIFY2(padded >= 50 * 1472 * 95 / 100, qPrintable(QString::number(padded)));
  }

  void targets_are_the_next_tokens_within_each_sequence() {
    const auto made = batcher(plan({part("a", std::nullopt, 1.0)}));
    const StepBatch batch = *made->next();
    for (const TrainBatch& micro : batch.micro_batches) {
      for (std::size_t s = 0; s + 1 < micro.starts.size(); ++s) {
        for (std::int32_t t = micro.starts[s]; t + 1 < micro.starts[s + 1]; ++t) {
          const auto at = static_cast<std::size_t>(t);
          QVERIFY(micro.targets[at] == -1 || micro.targets[at] == micro.ids[at + 1]);
          QCOMPARE(micro.targets[at] == -1, micro.weights[at] == 0.0f);
        }
        QCOMPARE(micro.targets[static_cast<std::size_t>(micro.starts[s + 1]) - 1], *tokenizer_->eos());
      }
    }
  }

  void an_epoch_reads_every_row_once() {
    BatchPlan wanted = plan({part("a", 37, 37.0), part("b", 90, 90.0)});
    wanted.rows = 127;
    const auto made = batcher(wanted);
    std::map<std::string, int> read;
    while (const auto batch = made->next()) {
      for (const RowName& row : batch->rows) ++read[made->place(row)];
    }
    QCOMPARE(read.size(), 127u);
    for (const auto& [place, times] : read) QVERIFY2(times == 1, place.c_str());
  }

  void weights_are_shares_of_the_rows() {
    const auto made = batcher(plan({part("a", std::nullopt, 1.0), part("b", std::nullopt, 3.0)}));
    std::int64_t counts[2] = {0, 0};
    for (int i = 0; i < 60; ++i) {
      const StepBatch batch = *made->next();
      for (const RowName& row : batch.rows) ++counts[row.part];
    }
    const double share = static_cast<double>(counts[1]) / static_cast<double>(counts[0] + counts[1]);
    QVERIFY(share > 0.72 && share < 0.78);
  }

  void the_order_as_is_is_the_sources_order() {
    BatchPlan wanted = plan({part("a", 100, 1.0)});
    wanted.order = RowOrder::as_is;
    wanted.look_ahead = 1;
    const auto made = batcher(wanted);
    std::int64_t next = 0;
    const StepBatch batch = *made->next();
    for (const RowName& row : batch.rows) QCOMPARE(row.number, next++);
  }

  void refused_rows_are_told_even_at_the_end() {
    BatchPlan wanted = plan({part("a", 30, 30.0, 3)});
    wanted.rows = 30;
    const auto made = batcher(wanted);
    std::size_t refused = 0;
    std::size_t rows = 0;
    while (const auto batch = made->next()) {
      refused += batch->refused.size();
      rows += batch->rows.size();
      for (const BadRow& row : batch->refused) QCOMPARE(row.reason, std::string("bad on purpose"));
    }
    QCOMPARE(refused, 10u);
    QCOMPARE(rows, 20u);
  }

  void refused_rows_are_told_when_nothing_else_is_left() {
    BatchPlan wanted = plan({part("a", 2, 2.0, 1)});
    wanted.rows = 2;
    const auto made = batcher(wanted);
    const auto batch = made->next();
    QVERIFY(batch && batch->micro_batches.empty());
    QCOMPARE(batch->refused.size(), 2u);
    QVERIFY(!made->next());
  }

  void data_without_one_good_row_is_a_fault() {
    const auto made = batcher(plan({part("a", std::nullopt, 1.0, 1)}));
    QVERIFY(message_of<FormatError>([&] { (void)made->next(); }).contains("bad on purpose"));
  }

  void a_cursor_of_another_mixture_is_refused() {
    DataCursor cursor;
    cursor.draws = 5;
    cursor.counts = {3, 2};
    QVERIFY(message_of<ArgumentError>([&] { (void)batcher(plan({part("a", 10, 1.0)}), cursor); }).contains("mixture"));
    QVERIFY(
        message_of<FormatError>([] { (void)DataCursor::from_json(Json::parse("{\"draws\":1}"), "c"); }).contains("c"));
  }
};

QTEST_GUILESS_MAIN(BatcherTest)
#include "batcher_test.moc"
