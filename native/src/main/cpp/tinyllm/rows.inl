// Operations on one row. Sums run over sixteen lanes and then over the lanes by a fixed tree.

/** The values from p on, as many as there are, the other lanes filled up. */
inline F load_some(const float* p, int count, float fill) {
  if (count >= 16) {
    return load(p);
  }
  float lane[16];
  for (int i = 0; i < 16; i++) {
    lane[i] = i < count ? p[i] : fill;
  }
  return load(lane);
}

inline void store_some(float* p, int count, F x) {
  if (count >= 16) {
    store(p, x);
    return;
  }
  float lane[16];
  store(lane, x);
  for (int i = 0; i < count; i++) {
    p[i] = lane[i];
  }
}

/** 2^x: exact at whole x, else within 1e-7 of it; 0 below -127, infinity from 128 on. */
inline F exp2(F x) {
  x = min(set1(128), max(set1(-127), x));
  F whole = rint(x);
  F f = sub(x, whole);
  F p = set1(1.52527338e-5f); // ln(2)^k / k!
  p = fma(p, f, set1(1.54035304e-4f));
  p = fma(p, f, set1(1.33335581e-3f));
  p = fma(p, f, set1(9.61812911e-3f));
  p = fma(p, f, set1(5.55041087e-2f));
  p = fma(p, f, set1(2.40226507e-1f));
  p = fma(p, f, set1(6.93147181e-1f));
  p = fma(p, f, set1(1.0f));
  return mul(p, pow2(whole));
}

constexpr float LOG2_E = 1.44269504f;

void rms_norm(const float* x, const float* weight, float eps, int cols, float* out) {
  F squares = zero();
  for (int i = 0; i < cols; i += 16) {
    F v = load_some(x + i, cols - i, 0);
    squares = fma(v, v, squares);
  }
  float mean = sum_of_lanes(squares) / static_cast<float>(cols);
  F factor = set1(1.0f / sqrtf(mean + eps));
  for (int i = 0; i < cols; i += 16) {
    F v = mul(load_some(x + i, cols - i, 0), factor);
    store_some(out + i, cols - i, mul(v, load_some(weight + i, cols - i, 0)));
  }
}

bool quantize(const float* x, const float* norm, float eps, int cols, float* scratch, int8_t* codes, Act* acts) {
  if (norm != nullptr) {
    rms_norm(x, norm, eps, cols, scratch);
    x = scratch;
  }
  F broken = zero();
  for (int i = 0; i < cols; i += 32, acts++) {
    F low = load(x + i), high = load(x + i + 16);
    broken = add(broken, add(sub(low, low), sub(high, high)));
    float largest = max_of_lanes(max(abs(low), abs(high)));
    bool any = largest > 1e-30f;
    F factor = set1(any ? 127.0f / largest : 0);
    low = rint(mul(low, factor));
    high = rint(mul(high, factor));
    store_bytes(codes + i, low);
    store_bytes(codes + i + 16, high);
    acts->scale = any ? largest / 127.0f : 0;
    acts->low = static_cast<int32_t>(sum_of_lanes(low));
    acts->high = static_cast<int32_t>(sum_of_lanes(high));
    acts->sum = static_cast<float>(acts->low + acts->high);
  }
  float all = sum_of_lanes(broken);
  return all == all;
}

void swiglu(const float* gate, const float* up, int count, float* out) {
  for (int i = 0; i < count; i += 16) {
    F g = load_some(gate + i, count - i, 0);
    F e = exp2(mul(g, set1(-LOG2_E)));
    F silu = div(g, add(e, set1(1)));
    store_some(out + i, count - i, mul(silu, load_some(up + i, count - i, 0)));
  }
}

void softmax(const float* x, int cols, float* out) {
  constexpr float none = -INFINITY;
  F most = set1(none);
  for (int i = 0; i < cols; i += 16) {
    most = max(most, load_some(x + i, cols - i, none));
  }
  F largest = set1(max_of_lanes(most));
  F total = zero();
  for (int i = 0; i < cols; i += 16) {
    F e = exp2(mul(sub(load_some(x + i, cols - i, none), largest), set1(LOG2_E)));
    total = add(total, e);
    store_some(out + i, cols - i, e);
  }
  F sum = set1(sum_of_lanes(total));
  for (int i = 0; i < cols; i += 16) {
    store_some(out + i, cols - i, div(load_some(out + i, cols - i, 0), sum));
  }
}

float log_sum_exp(const float* x, int cols) {
  constexpr float none = -INFINITY;
  F most = set1(none), broken = zero();
  for (int i = 0; i < cols; i += 16) {
    F v = load_some(x + i, cols - i, none);
    most = max(most, v);
    broken = add(broken, first(cols - i, mul(v, zero()), zero())); // not a number from here on, if one is not or is infinite
  }
  float largest = max_of_lanes(most), check = sum_of_lanes(broken);
  if (check != check) {
    // an infinity or a NaN somewhere: one by one
    float sum = 0;
    for (int i = 0; i < cols; i++) {
      if (x[i] != x[i]) {
        return x[i];
      }
      largest = x[i] > largest ? x[i] : largest;
    }
    if (largest == none || largest == -none) {
      return largest;
    }
    for (int i = 0; i < cols; i++) {
      sum += expf(x[i] - largest);
    }
    return largest + logf(sum);
  }
  F base = set1(largest), total = zero();
  for (int i = 0; i < cols; i += 16) {
    F e = exp2(mul(sub(load_some(x + i, cols - i, none), base), set1(LOG2_E)));
    total = add(total, e);
  }
  return largest + logf(sum_of_lanes(total));
}

/** A NaN is not equal to itself, and stays; all else becomes 0. */
inline F only_nan(F v) { return replace(v, v, zero()); }

bool block_maxima(const float* x, int cols, float* maxima) {
  static_assert(VOCABULARY_BLOCK == 64);
  constexpr int near = 256, far = 1024; // logits of many rows come from memory
  F broken = zero();
  int start = 0;
  for (; start + VOCABULARY_BLOCK <= cols; start += VOCABULARY_BLOCK, x += VOCABULARY_BLOCK) {
    F v[4];
    for (int i = 0; i < 4; i++) {
      prefetch(x + near + 16 * i);
      prefetch_far(x + far + 16 * i);
      v[i] = load(x + 16 * i);
    }
    broken = add(broken, add(add(only_nan(v[0]), only_nan(v[1])), add(only_nan(v[2]), only_nan(v[3]))));
    *maxima++ = max_of_lanes(max(max(v[0], v[1]), max(v[2], v[3])));
  }
  if (start < cols) {
    F most = set1(-INFINITY);
    for (int left = cols - start; left > 0; left -= 16, x += 16) {
      F v = load_some(x, left, -INFINITY);
      broken = add(broken, only_nan(v));
      most = max(most, v);
    }
    *maxima = max_of_lanes(most);
  }
  float all = sum_of_lanes(broken);
  return all == all;
}

float exp_sum(const float* x, int cols, float largest, float scale) {
  F base = set1(largest), factor = set1(scale * LOG2_E), total = zero();
  for (int start = 0; start < cols; start += 1024) { // parts of a long sum: each rounding is of a smaller number
    int end = start + 1024 < cols ? start + 1024 : cols;
    F part = zero();
    for (int i = start; i < end; i += 16) {
      part = add(part, exp2(mul(sub(load_some(x + i, end - i, -INFINITY), base), factor)));
    }
    total = add(total, part);
  }
  return sum_of_lanes(total);
}

void rope(const float* x, const float* cosines, const float* sines, int dim, bool neighbours, float* out) {
  int half = dim / 2;
  if (neighbours) {
    for (int i = 0; i < half; i++) {
      float a = x[2 * i], b = x[2 * i + 1];
      out[2 * i] = a * cosines[i] - b * sines[i];
      out[2 * i + 1] = a * sines[i] + b * cosines[i];
    }
    return;
  }
  for (int i = 0; i < half; i++) {
    float a = x[i], b = x[i + half];
    out[i] = a * cosines[i] - b * sines[i];
    out[i + half] = a * sines[i] + b * cosines[i];
  }
}
