#include "training/model_slots.h"

#include <algorithm>
#include <string>

namespace holdfast {
namespace {

std::string part_name(std::size_t layer, const char* part) { return "layers." + std::to_string(layer) + "." + part; }

}  // namespace

ModelSlots::ModelSlots(const Mamba2Config& model, const TrainerConfig& config)
    : layers(static_cast<std::size_t>(model.n_layer)) {
  switch (config.trained) {
    case Trained::full: add_full(model); break;
    case Trained::lora: add_lora(model, config.lora); break;
    case Trained::state: add_states(model); break;
  }
}

void ModelSlots::add_full(const Mamba2Config& c) {
  embedding = decayed("embedding", {c.vocab_size, c.d_model});
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].in_proj = decayed(part_name(i, "in_proj"), {c.in_proj_rows(), c.d_model});
    layers[i].out_proj = decayed(part_name(i, "out_proj"), {c.d_model, c.d_inner()});
  }
  if (!c.tied_embeddings) lm_head = decayed("lm_head", {c.vocab_size, c.d_model});
  a_logs.offset = layout.size();
  for (std::size_t i = 0; i < layers.size(); ++i) layers[i].a_log = undecayed(part_name(i, "A_log"), {c.n_heads});
  a_logs.count = layout.size() - a_logs.offset;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    LayerSlots& at = layers[i];
    at.norm = undecayed(part_name(i, "norm"), {c.d_model});
    if (c.linear_bias) at.in_proj_bias = undecayed(part_name(i, "in_proj_bias"), {c.in_proj_rows()});
    at.conv_weight = undecayed(part_name(i, "conv_weight"), {c.conv_dim(), c.d_conv});
    if (c.conv_bias) at.conv_bias = undecayed(part_name(i, "conv_bias"), {c.conv_dim()});
    at.dt_bias = undecayed(part_name(i, "dt_bias"), {c.n_heads});
    at.d = undecayed(part_name(i, "D"), {c.n_heads});
    at.gate_norm = undecayed(part_name(i, "gate_norm"), {c.d_inner()});
    if (c.linear_bias) at.out_proj_bias = undecayed(part_name(i, "out_proj_bias"), {c.d_model});
  }
  norm_f = undecayed("norm_f", {c.d_model});
}

void ModelSlots::add_lora(const Mamba2Config& model, const LoraConfig& config) {
  for (const LoraMatrix& matrix : lora_matrices(model, config)) {
    const LoraSlots slots{decayed(matrix.name + ".lora_A", {config.rank, matrix.cols}),
                          decayed(matrix.name + ".lora_B", {matrix.rows, config.rank})};
    if (matrix.name == "embedding") {
      embedding_lora = slots;
    } else if (matrix.name == "lm_head") {
      lm_head_lora = slots;
    } else {
      LayerSlots& at = layers.at(std::stoull(matrix.name.substr(matrix.name.find('.') + 1)));
      (matrix.name.ends_with("in_proj") ? at.in_proj_lora : at.out_proj_lora) = slots;
    }
  }
}

void ModelSlots::add_states(const Mamba2Config& c) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].ssm_state = undecayed(part_name(i, "ssm_state"), {c.n_heads, c.head_dim, c.d_state});
  }
}

FlatRange ModelSlots::matrices(std::int64_t layer) const {
  const LayerSlots& at = layers[static_cast<std::size_t>(layer)];
  std::int64_t begin = layout.size();
  std::int64_t end = 0;
  for (const Slot& slot :
       {at.in_proj, at.out_proj, at.in_proj_lora.a, at.in_proj_lora.b, at.out_proj_lora.a, at.out_proj_lora.b}) {
    if (!slot) continue;
    begin = std::min(begin, slot.offset);
    end = std::max(end, slot.offset + slot.shape.elements());
  }
  return {begin, std::max<std::int64_t>(0, end - begin)};
}

}  // namespace holdfast
