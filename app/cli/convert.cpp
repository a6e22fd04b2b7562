#include "engine/convert.h"

#include <chrono>

#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "kernels/size_text.h"

namespace holdfast::cli {
namespace {

constexpr const char* convert_footer =
    "OUT is a folder (hf, mamba_ssm) or a file (gguf); it must not exist, and is complete or not there.\n"
    "q8 and q4 make the matrices 8-bit and 4-bit; the rest stays f32. mamba_ssm holds f32 and bf16 only.\n"
    "Example: holdfast convert ./mamba2-130m ./mamba2-130m.gguf --to gguf --dtype q8";

CheckpointLayout convert_layout(const std::string& to) {
  if (to == "hf") return CheckpointLayout::hugging_face;
  return to == "gguf" ? CheckpointLayout::gguf : CheckpointLayout::mamba_ssm;
}

ConvertDType convert_dtype(const std::string& dtype) {
  if (dtype == "f32") return ConvertDType::f32;
  if (dtype == "q8") return ConvertDType::q8;
  return dtype == "q4" ? ConvertDType::q4 : ConvertDType::bf16;
}

class ConvertCommand final : public Command {
 public:
  ConvertCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "convert", "Write a checkpoint in another layout or number format") {
    app_->add_option("IN", in_, "A folder, a file or an installed model")->required();
    app_->add_option("OUT", out_, "The folder or file to make")->required();
    app_->add_option("--to", to_, "hf, mamba_ssm or gguf")
        ->check(CLI::IsMember({"hf", "mamba_ssm", "gguf"}))
        ->required();
    app_->add_option("--dtype", dtype_, "f32, bf16, q8 or q4")
        ->check(CLI::IsMember({"f32", "bf16", "q8", "q4"}))
        ->capture_default_str();
    output_.add_to(*app_);
    app_->footer(convert_footer);
  }

  int run() override {
    if (to_ == "mamba_ssm" && (dtype_ == "q8" || dtype_ == "q4")) {
      throw UsageError("--dtype: " + dtype_ + ", mamba_ssm holds f32 and bf16 only");
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto checkpoint = Checkpoint::open(resolve_model(in_, globals_->data()));
    const Notes notes;
    const auto progress = [&](double done) { notes.progress("converting " + in_, done); };
    convert(*checkpoint, out_, {.to = convert_layout(to_), .dtype = convert_dtype(dtype_), .progress = progress});
    notes.clear_line();
    const auto written = Checkpoint::open(out_);  // what was written can be read
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const Json json = {{"in", in_},
                       {"out", out_},
                       {"layout", name(written->layout())},
                       {"dtype", dtype_},
                       {"stored_bytes", written->stored_bytes()},
                       {"seconds", seconds}};
    put_result(
        output_, json,
        out_ + ": " + size_text(static_cast<double>(written->stored_bytes())) + " in " + fixed(seconds, 1) + " s\n");
    return exit_fine;
  }

 private:
  std::string in_;
  std::string out_;
  std::string to_;
  std::string dtype_ = "bf16";
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> convert_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<ConvertCommand>(parent, globals);
}

}  // namespace holdfast::cli
