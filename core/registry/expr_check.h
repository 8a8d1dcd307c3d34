// Is a ds.expr/1 program whole? Interpreters and compilers read only programs that passed here.
#pragma once
#include "core/base/status.h"
#include "deepseek/draft/expr.h"

namespace ds::core {

// Fails: DS_BAD_PLUGIN, with the instruction. bytes may be null; *inputs and *outputs are the program's counts.
Status check_expr(const void* bytes, uint64_t size, uint32_t* inputs, uint32_t* outputs);

}  // namespace ds::core
