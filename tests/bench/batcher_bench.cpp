// Rows and tokens per second that the batcher prepares, from generators and from a file, by threads.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "training/batcher.h"
#include "training/generator_source.h"

using namespace holdfast;

namespace {

void measure(const char* what, const std::shared_ptr<const RowSource>& source,
             const std::shared_ptr<const ChatTemplate>& chat, const std::shared_ptr<const Tokenizer>& tokenizer,
             int threads) {
  BatchPlan plan;
  plan.parts = {{source, 1.0, false, {}}};
  plan.sequence_length = 1024;
  plan.batch_tokens = 131072;
  plan.micro_batch_tokens = 131072;
  plan.look_ahead = 512;
  Batcher batcher(plan, chat, tokenizer, {}, threads);
  for (int i = 0; i < 5; ++i) (void)batcher.next();  // what was prepared before the clock starts
  std::int64_t rows = 0;
  std::int64_t tokens = 0;
  std::int64_t padded = 0;
  const auto begin = std::chrono::steady_clock::now();
  double seconds = 0.0;
  while (seconds < 2.0) {
    const auto batch = batcher.next();
    if (!batch) break;
    rows += static_cast<std::int64_t>(batch->rows.size());
    tokens += batch->tokens;
    padded += batch->padded;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  std::printf(
      "{\"source\": \"%s\", \"threads\": %d, \"rows_per_second\": %.0f, \"tokens_per_second\": %.0f, "
      "\"tokens_per_row\": %.1f, \"filled\": %.3f}\n",
      what, threads, static_cast<double>(rows) / seconds, static_cast<double>(tokens) / seconds,
      static_cast<double>(tokens) / static_cast<double>(rows),
      static_cast<double>(tokens) / static_cast<double>(padded));
}

}  // namespace

// batcher_bench TOKENIZER [ROWS.jsonl]
int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "batcher_bench TOKENIZER.model [ROWS.jsonl]\n"), 2;
  const std::shared_ptr<const Tokenizer> tokenizer =
      Tokenizer::load({TokenizerSource::Kind::sentencepiece, std::filesystem::path(argv[1])});
  const auto chat = std::make_shared<ChatTemplate>(ChatFormat::chatml, tokenizer);
  for (const int threads : {1, 2}) {
    measure("generator all", generator_source({.families = {"all"}, .rows = {}}), chat, tokenizer, threads);
    if (argc < 3) continue;
    cpu::ThreadPool pool(threads);
    measure("file", std::make_shared<JsonlSource>(argv[2], pool), chat, tokenizer, threads);
  }
  return 0;
}
