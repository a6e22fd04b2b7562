// Where each part of a model that is trained lies in the flat buffers.
#pragma once

#include <vector>

#include "engine/config.h"
#include "training/parameters.h"
#include "training/trainer.h"

namespace holdfast {

struct LoraSlots {
  Slot a;  // (rank, cols)
  Slot b;  // (rows, rank)
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(a); }
};

struct LayerSlots {
  Slot norm, in_proj, in_proj_bias, conv_weight, conv_bias, dt_bias, a_log, d, gate_norm, out_proj, out_proj_bias;
  LoraSlots in_proj_lora, out_proj_lora;
  Slot ssm_state;  // (H, P, N)
};

// Of a model and a choice of what is trained; slots of the rest are empty.
struct ModelSlots {
  Slot embedding, lm_head, norm_f;  // lm_head is empty when tied
  LoraSlots embedding_lora, lm_head_lora;
  std::vector<LayerSlots> layers;
  FlatRange a_logs;  // all layers' A_log, one after the other, each at a multiple of the alignment
  ParameterLayout layout;

  ModelSlots(const Mamba2Config& model, const TrainerConfig& config);
  // The stretch of a layer's matrices, which lie together; empty when none is trained.
  [[nodiscard]] FlatRange matrices(std::int64_t layer) const;

 private:
  void add_full(const Mamba2Config& model);
  void add_lora(const Mamba2Config& model, const LoraConfig& config);
  void add_states(const Mamba2Config& model);
  Slot decayed(const std::string& name, const Shape& shape) { return layout.add_decayed(name, shape); }
  Slot undecayed(const std::string& name, const Shape& shape) { return layout.add_undecayed(name, shape); }
};

}  // namespace holdfast
