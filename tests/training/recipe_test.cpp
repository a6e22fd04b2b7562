// Recipes: what is read, and what is said about mistakes; learning rates.
//
// Planted faults seen caught: unknown keys passed over; paths not taken from the recipe's folder; a warm-up that begins
// at zero; a cosine that does not arrive at its end.

#include "training/recipe.h"

#include <QTest>

#include "kernels/error.h"
#include "tests/engine/file_fixtures.h"

using namespace holdfast;
using holdfast::test::message_of;

namespace {

const std::string small_recipe = R"(name = "small"
seed = 7
[model]
new = {d_model = 64, n_layer = 2, head_dim = 16, d_state = 16}
tokenizer = "t.model"
[train]
micro_batch_tokens = 1024
[[phase]]
name = "one"
sequence_length = 128
batch_tokens = 2048
steps = 10
learning_rate = 1e-3
[[phase.data]]
file = "rows.jsonl"
)";

QString fault_of(const std::string& text) {
  return message_of<FormatError>([&] { (void)Recipe::parse(text, "/there/small.toml"); });
}
std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? std::string() : text.replace(at, from.size(), to);
}

}  // namespace

class RecipeTest final : public QObject {
  Q_OBJECT

 private slots:
  void a_recipe_is_read_with_its_defaults() {
    const Recipe recipe = Recipe::parse(small_recipe, "/there/small.toml");
    QCOMPARE(recipe.name, std::string("small"));
    QCOMPARE(recipe.seed, 7u);
    QCOMPARE(recipe.shape->n_heads, 8);
    QCOMPARE(recipe.phases.at(0).data.at(0).file.string(), std::string("/there/rows.jsonl"));
    QCOMPARE(recipe.tokenizer.string(), std::string("/there/t.model"));
    QCOMPARE(*recipe.phases[0].steps, 10);
    QVERIFY(recipe.phases[0].schedule == ScheduleKind::constant);
  }

  void mistakes_name_file_line_key_value_and_rule() {
    QVERIFY(fault_of(with(small_recipe, "steps = 10", "steps = 0"))
                .contains("/there/small.toml:12: phase[0].steps: 0, want a whole number from 1"));
    QVERIFY(fault_of(with(small_recipe, "steps = 10", "stepps = 10")).contains("want one of steps, tokens and epochs"));
    QVERIFY(fault_of(with(small_recipe, "seed = 7", "sed = 7")).contains("small.toml:2: sed: unknown, want one of"));
    QVERIFY(fault_of(with(small_recipe, "learning_rate = 1e-3", "learning_rate = \"fast\""))
                .contains("learning_rate: \"fast\", want a number"));
    QVERIFY(fault_of(with(small_recipe, "learning_rate = 1e-3\n", "")).contains("learning_rate: missing"));
    QVERIFY(fault_of(with(small_recipe, "steps = 10", "steps = 10\nepochs = 1"))
                .contains("one of steps, tokens and epochs"));
    QVERIFY(fault_of(with(small_recipe, "steps = 10", "steps = ")).contains("small.toml:12"));
    QVERIFY(fault_of(with(small_recipe, "sequence_length = 128", "sequence_length = 1025")).contains("1088"));
    QVERIFY(fault_of(with(small_recipe, "file = \"rows.jsonl\"", "weight = 1"))
                .contains("one of file, generator and source"));
    QVERIFY(fault_of(with(small_recipe, "tokenizer = \"t.model\"\n", "")).contains("tokenizer: missing"));
    QVERIFY(fault_of(small_recipe + "rows = 5\n").contains("beside `generator` alone"));
  }

  void gates_need_something_to_look_at() {
    const std::string gated = with(small_recipe, "steps = 10", "steps = 10\ngate = {kind = \"plateau\"}");
    QVERIFY(fault_of(gated).contains("evaluation"));
    const std::string ready =
        with(gated, "file = \"rows.jsonl\"", "file = \"rows.jsonl\"\nhold_out = 5") + "[evaluation]\nevery = 5\n";
    QVERIFY(Recipe::parse(ready, "/there/small.toml").phases[0].gate.kind == GateKind::plateau);
  }

  void the_papers_recipe_is_the_papers() {
    const Recipe recipe =
        Recipe::load(std::filesystem::path(HOLDFAST_SOURCE_DIR) / "resources/recipes/promptcot-two-phases.toml");
    QCOMPARE(recipe.trainer.optimiser.beta1, 0.9f);
    QCOMPARE(recipe.trainer.optimiser.beta2, 0.95f);
    QCOMPARE(recipe.trainer.optimiser.weight_decay, 0.01f);
    QCOMPARE(recipe.trainer.clip, 1.0f);
    QCOMPARE(recipe.phases.size(), 2u);
    for (const Phase& phase : recipe.phases) {
      QCOMPARE(phase.learning_rate, 5e-6);
      QCOMPARE(phase.warmup, 100);
      QCOMPARE(phase.sequence_length, 20480);
      QVERIFY(phase.schedule == ScheduleKind::constant && phase.too_long == TooLong::cut);
    }
  }

  void rates_rise_hold_and_fall() {
    const Schedule constant{ScheduleKind::constant, 1.0, 0.0, 4, 10};
    QCOMPARE(constant.rate(0), 0.25);
    QCOMPARE(constant.rate(3), 1.0);
    QCOMPARE(constant.rate(1000), 1.0);
    const Schedule linear{ScheduleKind::linear, 2.0, 0.5, 2, 12};
    QCOMPARE(linear.rate(0), 1.0);
    QCOMPARE(linear.rate(2), 2.0);
    QCOMPARE(linear.rate(11), 1.0);
    QCOMPARE(linear.rate(50), 1.0);
    const Schedule cosine{ScheduleKind::cosine, 1.0, 0.1, 0, 11};
    QCOMPARE(cosine.rate(0), 1.0);
    QVERIFY(std::abs(cosine.rate(5) - 0.55) < 1e-12);
    QVERIFY(std::abs(cosine.rate(10) - 0.1) < 1e-12);
  }
};

QTEST_GUILESS_MAIN(RecipeTest)
#include "recipe_test.moc"
