// The kernels as MLX operations: what Java calls. Shapes and dtypes are checked by the callers in Java, which can name them; what is
// checked here again is what would read or write foreign memory.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mlx/mlx.h"

namespace tinyllm {

struct PackedState;
struct KvState;
struct MemoryState;
struct TableState;
struct PagesView;
struct LinearPlan;
struct AttentionPlan;

/** A quantized matrix in the layout of packing.h, in memory that MLX's allocator counts. */
class PackedMatrix {
 public:
  /** kind: see packing.h */
  PackedMatrix(int rows, int cols, int bits, int group, int kind);
  /** Packs sixteen rows (fewer in the last tile); see pack_tile. Different tiles may be packed by different threads. */
  void pack(int tile, const unsigned char* codes, const float* scales, const float* biases, const float* d, const float* dmin);
  /** [rows], float32, evaluated. */
  void set_bias(const mlx::core::array& bias);
  /** All tiles are packed; finite says whether all scales and biases are. */
  void packed(bool finite);
  size_t nbytes() const;
  /** The weights of one row. */
  void row(int row, float* to) const;

  std::shared_ptr<PackedState> state;
};

/** One reading of activations for up to three matrices; built once, applied to any number of rows. */
class LinearKernel {
 public:
  LinearKernel();
  void add(const PackedMatrix& matrix);
  /** RMSNorm of the activations first; weight [cols], float32, evaluated. */
  void set_norm(const mlx::core::array& weight, float eps);
  /** The two matrices are gate and up: silu(gate) * up is the output. */
  void set_swiglu();
  /** x [..., cols] to [..., outputs]. */
  mlx::core::array apply(const mlx::core::array& x, mlx::core::StreamOrDevice s) const;
  mlx::core::array apply(const mlx::core::array& x, const mlx::core::array& residual, mlx::core::StreamOrDevice s) const;

  std::shared_ptr<LinearPlan> plan;

 private:
  mlx::core::array run(std::vector<mlx::core::array> inputs, mlx::core::StreamOrDevice s) const;
};

/** Keys and values of one layer of one sequence, in pages that never move. */
class KvPages {
 public:
  /** kind: see KvKind */
  KvPages(int kv_heads, int head_dim, int page_tokens, int kind);
  void add_page();
  void keep_pages(int count);
  int pages() const;
  size_t nbytes() const;
  /** Bytes that one page takes. */
  static size_t page_nbytes(int kv_heads, int head_dim, int page_tokens, int kind);
  /** These pages as one sequence with tokens to come from a position on. */
  std::shared_ptr<const PagesView> view(int tokens, int position) const;

  std::shared_ptr<KvState> state;
};

/** Pages for all layers of a model, shared by many sequences: one allocation, never moved. Who owns which page is known in Java. */
class KvMemory {
 public:
  /** The kinds are those of KvKind; before_rotation and neighbours: see PagesForm. */
  KvMemory(int layers, int kv_heads, int head_dim, int page_tokens, int key_kind, int value_kind, bool before_rotation, bool neighbours,
           int pages);
  /** For keys before their rotation: [positions / 16, head_dim / 2, 16], float32, evaluated. A longer table takes a shorter one's place. */
  void set_angles(const mlx::core::array& cosines, const mlx::core::array& sines);
  /** The bias of the next layer's keys, [kv heads * head_dim], float32, evaluated: for all layers, or for none. */
  void add_bias(const mlx::core::array& bias);
  /** In every layer. Not while a step runs. */
  void copy_page(int from, int to);
  /** Sets every byte of a page. Not while a step runs. */
  void fill_page(int page, int byte);
  size_t nbytes() const;

  std::shared_ptr<MemoryState> state;
};

/** The sequences of one step and their pages, for all its layers. Built in Java's order, then only read. */
class BlockTables {
 public:
  explicit BlockTables(const KvMemory& memory);
  /** Tokens at rows first_row … of the step, from a position on, and all pages of their sequence. */
  void add(int first_row, int tokens, int position, const int* pages, int count);
  std::shared_ptr<const PagesView> view(int layer) const;

  std::shared_ptr<TableState> state;
};

/** How a layer attends: all that does not change from step to step. */
class AttentionKernel {
 public:
  AttentionKernel(int heads, int kv_heads, int head_dim, bool neighbours, float scale);
  /** RMSNorm of each head of Q and K; [head_dim], float32, evaluated. */
  void set_norms(const mlx::core::array& q, const mlx::core::array& k, float eps);
  /**
   * Rotates, appends and attends.
   *
   * @param qkv [tokens, (heads + 2 kv heads) * head_dim]
   * @param cosines [positions, head_dim / 2], as sines; position + tokens of them at least
   * @return [tokens, heads * head_dim]
   */
  mlx::core::array apply(const mlx::core::array& qkv, const mlx::core::array& cosines, const mlx::core::array& sines,
                         const KvPages& pages, int position, mlx::core::StreamOrDevice s) const;
  /** The same for many sequences; rows of qkv that belong to none give zeros. */
  mlx::core::array apply(const mlx::core::array& qkv, const mlx::core::array& cosines, const mlx::core::array& sines,
                         const BlockTables& tables, int layer, mlx::core::StreamOrDevice s) const;

  std::shared_ptr<AttentionPlan> plan;

 private:
  mlx::core::array apply(const mlx::core::array& qkv, const mlx::core::array& cosines, const mlx::core::array& sines,
                         std::shared_ptr<const PagesView> view, mlx::core::StreamOrDevice s) const;
};

/**
 * A block as one operation: norm and projections, attention, output projection and residual, norm, gate and up, down and residual. Bit
 * for bit what its parts give one after the other.
 */
class BlockKernel {
 public:
  BlockKernel(const LinearKernel& projections, const AttentionKernel& attention, const LinearKernel& output,
              const LinearKernel& gate_up, const LinearKernel& down);
  /** x [tokens, width] to the same; cosines, sines and the rest as for AttentionKernel. */
  mlx::core::array apply(const mlx::core::array& x, const mlx::core::array& cosines, const mlx::core::array& sines,
                         const KvPages& pages, int position, mlx::core::StreamOrDevice s) const;
  mlx::core::array apply(const mlx::core::array& x, const mlx::core::array& cosines, const mlx::core::array& sines,
                         const BlockTables& tables, int layer, mlx::core::StreamOrDevice s) const;

 private:
  mlx::core::array apply(const mlx::core::array& x, const mlx::core::array& cosines, const mlx::core::array& sines,
                         std::shared_ptr<const PagesView> view, mlx::core::StreamOrDevice s) const;

  std::shared_ptr<const LinearPlan> projections_, output_, gate_up_, down_;
  std::shared_ptr<const AttentionPlan> attention_;
};

/** The first `tokens` keys and values, each [1, kv heads, tokens, head_dim]; of block tables, those of the first sequence. */
std::vector<mlx::core::array> read_pages(const KvPages& pages, int tokens, mlx::core::StreamOrDevice s);
std::vector<mlx::core::array> read_pages(const BlockTables& tables, int layer, int tokens, mlx::core::StreamOrDevice s);
/** Appends k and v [1, kv heads, tokens, head_dim] as they are; the result is a copy of k that is there when that is done. */
mlx::core::array write_pages(const mlx::core::array& k, const mlx::core::array& v, const KvPages& pages, int position,
                             mlx::core::StreamOrDevice s);
mlx::core::array write_pages(const mlx::core::array& k, const mlx::core::array& v, const BlockTables& tables, int layer,
                             mlx::core::StreamOrDevice s);

/** q [B, H, L, D], k and v [B, H_kv, S, D] float32 or float16; the mask is broadcast to [B, H, L, S]. */
mlx::core::array flash_attention(const mlx::core::array& q, const mlx::core::array& k, const mlx::core::array& v, bool causal,
                                 float scale, mlx::core::StreamOrDevice s);
mlx::core::array flash_attention(const mlx::core::array& q, const mlx::core::array& k, const mlx::core::array& v,
                                 const mlx::core::array& mask, float scale, mlx::core::StreamOrDevice s);

mlx::core::array rms_norm(const mlx::core::array& x, const mlx::core::array& weight, float eps, mlx::core::StreamOrDevice s);
/** x + residual, and its norm. */
std::vector<mlx::core::array> rms_norm_residual(const mlx::core::array& x, const mlx::core::array& residual,
                                                const mlx::core::array& weight, float eps, mlx::core::StreamOrDevice s);
mlx::core::array swiglu(const mlx::core::array& gate, const mlx::core::array& up, mlx::core::StreamOrDevice s);
mlx::core::array softmax(const mlx::core::array& x, mlx::core::StreamOrDevice s);
/** Over the last axis, which goes. */
mlx::core::array log_sum_exp(const mlx::core::array& x, mlx::core::StreamOrDevice s);
/**
 * The largest of the first `cols` values of each row, as many as it wants: ids int32 [rows, largest count], by falling value, then
 * rising id, and -1 behind them; the values; and [rows, 2], the logarithms of the sums of exp(scale * x) for both scales of a row. A row
 * that holds a NaN has ids of -1, and NaN for the rest.
 *
 * @param x [rows, V]
 * @param counts [rows] int32, computed, each 1 to cols
 * @param scales [rows, 2]; 0 where no sum is wanted: it is NaN then, and costs nothing
 */
std::vector<mlx::core::array> top_candidates(const mlx::core::array& x, const mlx::core::array& counts,
                                             const mlx::core::array& scales, int cols, mlx::core::StreamOrDevice s);
/**
 * The same of picked rows, over the columns that a mask has a bit for; the others count as -inf.
 *
 * @param picked [K] int32, computed: which rows of x
 * @param masks [K, (cols + 31) / 32] int32, computed: a bit for each column, the lowest first
 * @param counts [K]
 * @param scales [K, 2]
 */
std::vector<mlx::core::array> top_allowed(const mlx::core::array& x, const mlx::core::array& picked, const mlx::core::array& masks,
                                          const mlx::core::array& counts, const mlx::core::array& scales, int cols,
                                          mlx::core::StreamOrDevice s);
/** x [..., L, D], cosines and sines [L, D / 2]. */
mlx::core::array rope(const mlx::core::array& x, const mlx::core::array& cosines, const mlx::core::array& sines, bool neighbours,
                      mlx::core::StreamOrDevice s);
/** ids [n], int32, evaluated and in range. */
mlx::core::array embed(const PackedMatrix& table, const mlx::core::array& ids, mlx::core::StreamOrDevice s);

int kernel_threads();
void set_kernel_threads(int count);
int physical_core_count();
/** Bytes per second that all threads together read from fresh memory, the best of three passes. */
double read_bandwidth(size_t bytes);
/** Names of the instruction sets that this CPU can run, separated by blanks, the best first. */
std::string instruction_set_names();
std::string instruction_set();
bool choose_instruction_set(const std::string& name);

} // namespace tinyllm
