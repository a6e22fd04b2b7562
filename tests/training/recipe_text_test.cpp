// A recipe that is written and read again is the same recipe.
#include "training/recipe_text.h"

#include <QTest>
#include <filesystem>

using namespace holdfast;

namespace {

const std::string whole_recipe = R"(name = 'a "b" \ x'
seed = 9
[model]
base = "some-model"
template = "plain"
[start]
checkpoint = "/runs/3/checkpoints/step-000000000020"
optimiser = "reset"
place = "keep"
[train]
what = "lora"
lora = {rank = 4, alpha = 7.5, targets = ["out_proj", "lm_head"]}
frozen = "q8"
compute = "f32"
recompute = "all"
memory_gib = 1.5
micro_batch_tokens = 1024
[optimiser]
betas = [0.8, 0.99]
eps = 1e-6
weight_decay = 0.25
clip = 0.5
[[phase]]
name = "one"
sequence_length = 128
batch_tokens = 512
too_long = "split"
order = "difficulty"
tokens = 5000
schedule = "linear"
learning_rate = 0.00037
end_ratio = 0.125
warmup_steps = 3
optimiser = "reset"
gate = {kind = "validation", at_least = 0.75, loss_at_most = 0.5}
[[phase.data]]
file = "/rows/a.jsonl"
weight = 0.3
hold_out = 12
solve = true
[[phase]]
name = "two"
sequence_length = 128
batch_tokens = 512
epochs = 1.5
learning_rate = 1e-6
schedule_start = "continue"
gate = {kind = "plateau", patience = 4, min_delta = 0.01}
[[phase.data]]
generator = ["all"]
levels = [2, 4]
turns = 3
rows = 100
seed = 5
kind = "create"
[held_out]
rows = 77
[[held_out.data]]
file = "/rows/earlier.jsonl"
[evaluation]
every = 10
rows = 7
answers = true
max_tokens = 33
[[evaluation.data]]
generator = ["percent of"]
rows = 3
[samples]
every = 5
prompts = ["line\nline", "two"]
max_tokens = 9
temperature = 0.5
[checkpoints]
every = 4
keep_last = 2
keep_best = false
dtype = "q4"
[trouble]
not_finite = "stop"
spike = "roll_back"
spike_loss = 3.0
spike_gradient = 4.0
most = 6
)";

}  // namespace

class RecipeTextTest : public QObject {
  Q_OBJECT

 private slots:
  void what_is_written_is_read_again_data() {
    QTest::addColumn<QString>("file");
    const std::filesystem::path folder = std::filesystem::path(HOLDFAST_SOURCE_DIR) / "resources/recipes";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".toml") continue;
      QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().string());
    }
  }
  void what_is_written_is_read_again() {
    QFETCH(QString, file);
    const Recipe recipe = Recipe::load(file.toStdString());
    const std::string text = recipe_text(recipe);
    const Recipe again = Recipe::parse(text, "/elsewhere/recipe.toml");
    QCOMPARE(recipe_text(again), text);
    QCOMPARE(again.phases.size(), recipe.phases.size());
    for (std::size_t i = 0; i < recipe.phases.size(); ++i) {
      const Phase& a = recipe.phases[i];
      const Phase& b = again.phases[i];
      QCOMPARE(b.name, a.name);
      QCOMPARE(b.learning_rate, a.learning_rate);
      QCOMPARE(b.batch_tokens, a.batch_tokens);
      QVERIFY(b.steps == a.steps && b.epochs == a.epochs && b.schedule == a.schedule);
      QCOMPARE(b.resets_optimiser, a.resets_optimiser);
      QCOMPARE(b.continues_schedule, a.continues_schedule);
      QCOMPARE(b.data.size(), a.data.size());
      for (std::size_t k = 0; k < a.data.size(); ++k) {
        QCOMPARE(b.data[k].file.string(), a.data[k].file.string());
        QVERIFY(b.data[k].generators == a.data[k].generators && b.data[k].weight == a.data[k].weight);
        QCOMPARE(b.data[k].solve, a.data[k].solve);
        QCOMPARE(b.data[k].turns, a.data[k].turns);
      }
    }
    QVERIFY(again.shape == recipe.shape);
    QCOMPARE(again.tokenizer.string(), recipe.tokenizer.string());
    QVERIFY(again.samples.prompts == recipe.samples.prompts);
    QCOMPARE(again.trainer.optimiser.weight_decay, recipe.trainer.optimiser.weight_decay);
  }

  void everything_that_a_recipe_can_say_is_kept() {
    const Recipe recipe = Recipe::parse(whole_recipe, "/there/recipe.toml");
    const Recipe again = Recipe::parse(recipe_text(recipe), "/elsewhere/other.toml");
    QCOMPARE(again.name, std::string("a \"b\" \\ x"));
    QCOMPARE(again.trainer.lora.alpha, 7.5f);
    QVERIFY(again.trainer.lora.targets == recipe.trainer.lora.targets);
    QVERIFY(again.trainer.frozen == LoadDType::q8);
    QVERIFY(!again.compute_by_device);
    QVERIFY(again.trainer.recompute == Recompute::all);
    QCOMPARE(again.trainer.memory_budget, recipe.trainer.memory_budget);
    QCOMPARE(again.trainer.optimiser.eps, recipe.trainer.optimiser.eps);
    QCOMPARE(again.trainer.clip, 0.5f);
    QVERIFY(again.phases[0].too_long == TooLong::split && again.phases[0].order == RowOrder::difficulty);
    QCOMPARE(again.phases[0].tokens.value(), 5000);
    QCOMPARE(again.phases[0].gate.at_least.value(), 0.75);
    QCOMPARE(again.phases[0].gate.loss_at_most.value(), 0.5);
    QCOMPARE(again.phases[0].data[0].hold_out, 12);
    QCOMPARE(again.phases[1].gate.patience, 4);
    QCOMPARE(again.phases[1].data[0].rows.value(), 100);
    QCOMPARE(again.phases[1].data[0].seed.value(), std::uint64_t{5});
    QVERIFY(again.phases[1].data[0].create);
    QVERIFY(again.evaluation.answers);
    QCOMPARE(again.evaluation.max_tokens, 33);
    QCOMPARE(again.samples.prompts[0], std::string("line\nline"));
    QCOMPARE(again.samples.temperature, 0.5f);
    QVERIFY(!again.checkpoints.keep_best && again.checkpoints.dtype == ConvertDType::q4);
    QVERIFY(again.trouble.not_finite == TroubleRule::stop && again.trouble.spike == TroubleRule::roll_back);
    QCOMPARE(again.trouble.spike_gradient, 4.0);
    QCOMPARE(again.trouble.most, 6);
    QCOMPARE(recipe_text(again), recipe_text(recipe));
  }
};

QTEST_GUILESS_MAIN(RecipeTextTest)
#include "recipe_text_test.moc"
