#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/convert.h"
#include "kernels/size_text.h"
#include "training/lora.h"

namespace holdfast::cli {
namespace {

constexpr const char* merge_footer =
    "ADAPTER is a folder with adapter_config.json and adapter_model.safetensors (PEFT). OUT must not exist; it becomes "
    "a\n"
    "folder in Hugging Face layout, complete or not there.\n"
    "Example: holdfast merge mamba2-130m runs/my-lora/adapter ./mamba2-130m-mine";

class MergeCommand final : public Command {
 public:
  MergeCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "merge", "Put an adapter into the weights of its base model") {
    app_->add_option("BASE", base_, "A folder, a file or an installed model")->required();
    app_->add_option("ADAPTER", adapter_, "The adapter's folder")->required();
    app_->add_option("OUT", out_, "The folder to make")->required();
    app_->add_option("--dtype", dtype_, "f32, bf16, q8 or q4")
        ->check(CLI::IsMember({"f32", "bf16", "q8", "q4"}))
        ->capture_default_str();
    output_.add_to(*app_);
    app_->footer(merge_footer);
  }

  int run() override {
    const std::shared_ptr<const Checkpoint> base = Checkpoint::open(resolve_model(base_, globals_->data()));
    const LoraAdapter adapter = LoraAdapter::load(adapter_, base->config());
    const auto merged = merge(base, adapter);
    const Notes notes;
    const ConvertDType dtype = dtype_ == "f32"  ? ConvertDType::f32
                               : dtype_ == "q8" ? ConvertDType::q8
                               : dtype_ == "q4" ? ConvertDType::q4
                                                : ConvertDType::bf16;
    convert(*merged, out_, {.to = CheckpointLayout::hugging_face, .dtype = dtype, .progress = [&](double done) {
                              notes.progress("merging " + adapter_, done);
                            }});
    notes.clear_line();
    const auto written = Checkpoint::open(out_);  // what was written can be read
    const Json json = {{"base", base_},   {"adapter", adapter_},
                       {"out", out_},     {"matrices", adapter.matrices.size()},
                       {"dtype", dtype_}, {"stored_bytes", written->stored_bytes()}};
    put_result(output_, json,
               out_ + ": " + size_text(static_cast<double>(written->stored_bytes())) + ", " +
                   std::to_string(adapter.matrices.size()) + " matrices adapted\n");
    return exit_fine;
  }

 private:
  std::string base_;
  std::string adapter_;
  std::string out_;
  std::string dtype_ = "bf16";
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> merge_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<MergeCommand>(parent, globals);
}

}  // namespace holdfast::cli
