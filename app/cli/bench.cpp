#include <algorithm>

#include "app/cli/bench_run.h"
#include "app/cli/command.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/shape.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/size_text.h"

namespace holdfast::cli {
namespace {

constexpr const char* bench_footer =
    "Prefill reads a prompt in one pass; decode writes --tokens tokens, one at a time, of --batch sequences at once.\n"
    "Before anything is timed, one long pass and single steps must give the same logits. Figures are tokens per "
    "second\n"
    "of all sequences: the median of --repeat rounds, the least and the most. Shares are of what this device did in "
    "the\n"
    "same run: memory read (a GPU: copied), and products in the weights' number format. --ops does the same for each\n"
    "operation of a layer.\n"
    "--probe watches the memory while one sequence is decoded, as the inspector does, and says what that costs.\n"
    "Memory other than weights and states should stay within 64 MiB.\n"
    "Example: holdfast bench --shape 130m --dtype q8 --prompt 512,2048 --batch 1,16 --json";

constexpr std::int64_t bench_other_bytes = std::int64_t{64} << 20;

WeightFormat bench_format(const std::string& dtype) {
  if (dtype == "f32") return WeightFormat::f32;
  if (dtype == "q8") return WeightFormat::q8_0;
  return dtype == "q4" ? WeightFormat::q4_1 : WeightFormat::bf16;
}

// A ceiling that could not be measured has no share.
void put_shares(Json& json, double operations_per_second, double bytes_per_second, const Ceiling& ceiling) {
  const auto share = [](double of, double most) { return most > 0.0 ? Json(of / most) : Json(nullptr); };
  json["share_of_products"] = share(operations_per_second, ceiling.operations_per_second);
  json["share_of_bandwidth"] = share(bytes_per_second, ceiling.bytes_per_second);
}

Json bench_op_json(const OpTime& op, const Ceiling& ceiling) {
  Json json = {{"kind", op.prefill ? "prefill" : "decode"},
               {"rows", op.rows},
               {"op", op.op},
               {"seconds", op.seconds},
               {"operations", op.operations},
               {"bytes", op.bytes},
               {"operations_per_second", op.operations / op.seconds},
               {"bytes_per_second", op.bytes / op.seconds}};
  put_shares(json, op.operations / op.seconds, op.bytes / op.seconds, ceiling);
  return json;
}

Json bench_case_json(const BenchCase& c, const Mamba2Model& model, const Ceiling& ceiling) {
  const Work work = c.prefill ? prefill_work(model, c.tokens) : decode_work(model, c.batch, c.may_wait);
  const double rate = c.rates.median();
  Json json;
  json["kind"] = c.prefill ? "prefill" : "decode";
  json["tokens"] = c.tokens;
  json["batch"] = c.batch;
  json["tokens_per_second"] = rate;
  json["least"] = c.rates.least();
  json["most"] = c.rates.most();
  json["samples"] = c.rates.samples;
  json["operations_per_token"] = work.operations;
  json["bytes_per_token"] = work.bytes;
  put_shares(json, rate * work.operations, rate * work.bytes, ceiling);
  return json;
}

Json bench_memory_json(const BenchReport& report) {
  Json json = {{"peak_resident_bytes", nullptr},           {"weights_bytes", report.weights_bytes},
               {"states_bytes", report.states_bytes},      {"other_bytes", nullptr},
               {"other_bytes_allowed", bench_other_bytes}, {"within", nullptr}};
  if (report.peak_resident_bytes == 0) return json;
  const std::int64_t other = report.peak_resident_bytes - report.weights_bytes - report.states_bytes;
  json["peak_resident_bytes"] = report.peak_resident_bytes;
  json["other_bytes"] = other;
  json["within"] = other <= bench_other_bytes;
  return json;
}

std::string bench_share(const Json& share) {
  return share.is_null() ? "-" : fixed(100.0 * share.get<double>(), 0) + " %";
}

std::string bench_padded(std::string text, std::size_t width) {
  text.insert(0, width - std::min(width, text.size()), ' ');
  return text;
}

std::string bench_text(const Json& json) {
  const Json& memory = json["memory"];
  const auto bytes = [](const Json& value) { return size_text(value.get<double>()); };
  std::string text = json["model"].get<std::string>() + ", " + json["dtype"].get<std::string>() + ", " +
                     json["device"].get<std::string>() + ", " + json["threads"].dump() + " threads\n" + "weights " +
                     bytes(memory["weights_bytes"]) + ", states " + bytes(memory["states_bytes"]);
  if (!memory["within"].is_null()) {
    text += ", peak " + bytes(memory["peak_resident_bytes"]) + ": " + bytes(memory["other_bytes"]) +
            " for the rest (64 MiB allowed" + (memory["within"].get<bool>() ? "" : ", EXCEEDED") + ")";
  }
  text += "\n";
  text += "this device: memory " + bytes(json["ceiling"]["bytes_per_second"]) + "/s, products " +
          fixed(json["ceiling"]["operations_per_second"].get<double>() / 1e9, 0) + " Gop/s\n";
  text += "case                   tokens/s      least       most  products  bandwidth\n";
  for (const Json& row : json["cases"]) {
    std::string label = row["kind"].get<std::string>() + " " + row["tokens"].dump();
    if (row["kind"] == "decode") label += " x " + row["batch"].dump();
    label.resize(20, ' ');
    text += label;
    for (const char* key : {"tokens_per_second", "least", "most"}) {
      text += bench_padded(fixed(row[key].get<double>(), 1), 11);
    }
    text += bench_padded(bench_share(row["share_of_products"]), 10) +
            bench_padded(bench_share(row["share_of_bandwidth"]), 11) + "\n";
  }
  if (!json["ops"].empty())
    text += "operations                      us/layer       GB/s    Gop/s  products  bandwidth\n";
  for (const Json& row : json["ops"]) {
    std::string label = row["kind"].get<std::string>() + " " + row["rows"].dump() + " " + row["op"].get<std::string>();
    label.resize(30, ' ');
    text += label + bench_padded(fixed(row["seconds"].get<double>() * 1e6, 1), 10) +
            bench_padded(fixed(row["bytes_per_second"].get<double>() / 1e9, 1), 11) +
            bench_padded(fixed(row["operations_per_second"].get<double>() / 1e9, 1), 9) +
            bench_padded(bench_share(row["share_of_products"]), 10) +
            bench_padded(bench_share(row["share_of_bandwidth"]), 11) + "\n";
  }
  if (!json["probe"].is_null()) {
    const Json& probe = json["probe"];
    text += "watched (every " + probe["every"].dump() + " tokens): " + fixed(probe["on"].get<double>(), 1) +
            " tokens/s, without " + fixed(probe["off"].get<double>(), 1) + ": costs " +
            fixed(100.0 * probe["share"].get<double>(), 1) + " % (" + fixed(100.0 * probe["least"].get<double>(), 1) +
            " to " + fixed(100.0 * probe["most"].get<double>(), 1) + ")\n";
  }
  return text;
}

class BenchCommand final : public Command {
 public:
  BenchCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "bench", "How fast this machine runs a model, or a shape with random weights") {
    auto* model = app_->add_option("MODEL", model_, "A folder, a file or an installed model");
    auto* shape = app_->add_option("--shape", shape_,
                                   "Random weights of 14.5m, 130m, 370m, 780m, 1.3b, 2.7b, 7b or D,L,H,P,N,G,V");
    shape->type_name("SHAPE")->excludes(model);
    device_.add_to(*app_);
    app_->add_option("--prompt", prompts_, "Prompt lengths of the prefill; 0 = none")
        ->capture_default_str()
        ->type_name("LIST");
    app_->add_option("--batch", batches_, "Sequences decoded at once")->capture_default_str()->type_name("LIST");
    app_->add_option("--tokens", plan_.tokens, "Tokens to decode; 0 = none")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 20))
        ->capture_default_str()
        ->type_name("N");
    app_->add_option("--repeat", plan_.repeat, "Rounds")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str()
        ->type_name("N");
    app_->add_flag("--ops", plan_.ops, "Also time each operation of a layer alone, beside what it must do and move");
    app_->add_flag("--probe", plan_.probe, "Measure what watching the memory costs a decoded token");
    output_.add_to(*app_);
    app_->footer(bench_footer);
  }

  int run() override {
    if (model_.empty() == shape_.empty()) throw UsageError("MODEL or --shape: neither is given, want one");
    plan_.prompts = parse_counts(prompts_, "--prompt", 0, std::int64_t{1} << 24);
    std::erase(plan_.prompts, 0);
    plan_.batches = parse_counts(batches_, "--batch", 1, 4096);
    if (plan_.probe && plan_.tokens == 0) throw UsageError("--probe: watches decoded tokens, want --tokens above 0");
    if (plan_.prompts.empty() && plan_.tokens == 0) throw UsageError("--prompt 0 --tokens 0: nothing to measure");
    const LoadedModel loaded = load();
    const BenchReport report = run_bench(*loaded.model, *loaded.stream, plan_);
    const Json json = report_json(loaded, report);
    put_result(output_, json, bench_text(json));
    return exit_fine;
  }

 private:
  [[nodiscard]] LoadedModel load() const {
    if (shape_.empty()) return load_model(model_, globals_->data(), device_, false);
    LoadedModel loaded;
    loaded.name = shape_;
    Mamba2Config config;
    try {
      config = shape_config(shape_);
    } catch (const ArgumentError& error) {
      throw UsageError(std::string("--shape: ") + error.what());
    }
    const DType state_type = device_.state_type();
    loaded.stream = open_stream(device_);
    loaded.model = Mamba2Model::random(*loaded.stream, config, bench_format(device_.dtype), 1, state_type);
    return loaded;
  }

  [[nodiscard]] Json report_json(const LoadedModel& loaded, const BenchReport& report) const {
    const Mamba2Model& model = *loaded.model;
    const Mamba2Config& c = model.config();
    Json json;
    json["version"] = HOLDFAST_VERSION;
    json["model"] = loaded.name;
    json["random_weights"] = !shape_.empty();
    json["shape"] = {{"d_model", c.d_model},      {"n_layer", c.n_layer}, {"n_heads", c.n_heads},
                     {"head_dim", c.head_dim},    {"d_state", c.d_state}, {"n_groups", c.n_groups},
                     {"vocab_size", c.vocab_size}};
    json["dtype"] = name(model.weights().layers.front().in_proj.format());
    json["state_dtype"] = name(model.state_dtype());
    json["device"] = loaded.stream->device()->description();
    json["threads"] = loaded.stream->kind() == DeviceKind::cpu ? loaded.stream->pool().threads() : 0;
    json["check"] = {{"difference", report.check_difference}, {"tolerance", report.check_tolerance}};
    json["memory"] = bench_memory_json(report);
    json["ceiling"] = {{"bytes_per_second", report.ceiling.bytes_per_second},
                       {"operations_per_second", report.ceiling.operations_per_second}};
    json["probe"] = nullptr;
    if (report.probe) {
      const ProbeCost& cost = *report.probe;
      json["probe"] = {{"every", cost.every},
                       {"off", cost.off.median()},
                       {"on", cost.on.median()},
                       {"share", median_of(cost.shares)},
                       {"least", std::ranges::min(cost.shares)},
                       {"most", std::ranges::max(cost.shares)}};
    }
    json["repeat"] = plan_.repeat;
    Json& ops = json["ops"] = Json::array();
    for (const OpTime& op : report.ops) ops.push_back(bench_op_json(op, report.ceiling));
    Json& cases = json["cases"] = Json::array();
    for (const BenchCase& c_row : report.cases) cases.push_back(bench_case_json(c_row, model, report.ceiling));
    return json;
  }

  std::string model_;
  std::string shape_;
  DeviceOptions device_;
  std::string prompts_ = "512";
  std::string batches_ = "1";
  BenchPlan plan_;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> bench_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<BenchCommand>(parent, globals);
}

}  // namespace holdfast::cli
