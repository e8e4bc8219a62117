// Metal's vectors of two, three and four elements, for C++ and CUDA. Metal's own compiler has them built in.
// METAL_FUNC marks a function that runs in a kernel, METAL_COPY copies bytes: each host defines them before this header.
#pragma once

namespace metal {

template <class A, class B>
struct same { static constexpr bool value = false; };
template <class A>
struct same<A, A> { static constexpr bool value = true; };

template <class T, int N>
struct vec;

// The pair or triple that a swizzle such as v.zw names: it converts to a vector, and takes one.
template <class T, int N, int I, int J, int K = 0>
struct swizzle {
  T at[4];
  METAL_FUNC operator vec<T, N>() const;
  METAL_FUNC swizzle& operator=(const vec<T, N>& v);
  METAL_FUNC swizzle& operator=(const swizzle& o) { return *this = vec<T, N>(o); }
};

// One load and one store for a whole vector: the swizzles among its members would make the copy one by element.
#define METAL_VECTOR_COPY(N)                                        \
  METAL_FUNC vec(const vec& o) { METAL_COPY(at, o.at, sizeof(at)); } \
  METAL_FUNC vec& operator=(const vec& o) {                         \
    METAL_COPY(at, o.at, sizeof(at));                         \
    return *this;                                                   \
  }

template <class T>
struct alignas(2 * sizeof(T)) vec<T, 2> {
  union {
    struct { T x, y; };
    struct { T r, g; };
    T at[2];
  };
  METAL_FUNC vec() : x(T(0)), y(T(0)) {}
  METAL_VECTOR_COPY(2)
  METAL_FUNC vec(T s) : x(s), y(s) {}
  METAL_FUNC vec(T a, T b) : x(a), y(b) {}
  template <class U>
  METAL_FUNC explicit vec(const vec<U, 2>& o) : x(T(o.x)), y(T(o.y)) {}
  METAL_FUNC T& operator[](int i) { return at[i]; }
  METAL_FUNC const T& operator[](int i) const { return at[i]; }
};

template <class T>
struct alignas(4 * sizeof(T)) vec<T, 3> {
  union {
    struct { T x, y, z; };
    struct { T r, g, b; };
    T at[4];
    swizzle<T, 2, 0, 1> xy;
    swizzle<T, 2, 1, 2> yz;
  };
  METAL_FUNC vec() : x(T(0)), y(T(0)), z(T(0)) {}
  METAL_VECTOR_COPY(3)
  METAL_FUNC vec(T s) : x(s), y(s), z(s) {}
  METAL_FUNC vec(T a, T b, T c) : x(a), y(b), z(c) {}
  METAL_FUNC vec(const vec<T, 2>& a, T c) : x(a.x), y(a.y), z(c) {}
  template <class U>
  METAL_FUNC explicit vec(const vec<U, 3>& o) : x(T(o.x)), y(T(o.y)), z(T(o.z)) {}
  METAL_FUNC T& operator[](int i) { return at[i]; }
  METAL_FUNC const T& operator[](int i) const { return at[i]; }
};

template <class T>
struct alignas(4 * sizeof(T)) vec<T, 4> {
  union {
    struct { T x, y, z, w; };
    struct { T r, g, b, a; };
    T at[4];
    swizzle<T, 2, 0, 1> xy;
    swizzle<T, 2, 1, 2> yz;
    swizzle<T, 2, 2, 3> zw;
    swizzle<T, 3, 0, 1, 2> xyz;
    swizzle<T, 3, 1, 2, 3> yzw;
  };
  METAL_FUNC vec() : x(T(0)), y(T(0)), z(T(0)), w(T(0)) {}
  METAL_VECTOR_COPY(4)
  METAL_FUNC vec(T s) : x(s), y(s), z(s), w(s) {}
  METAL_FUNC vec(T a0, T b0, T c0, T d0) : x(a0), y(b0), z(c0), w(d0) {}
  METAL_FUNC vec(const vec<T, 2>& a0, const vec<T, 2>& b0) : x(a0.x), y(a0.y), z(b0.x), w(b0.y) {}
  METAL_FUNC vec(const vec<T, 3>& a0, T d0) : x(a0.x), y(a0.y), z(a0.z), w(d0) {}
  template <class U>
  METAL_FUNC explicit vec(const vec<U, 4>& o) : x(T(o.x)), y(T(o.y)), z(T(o.z)), w(T(o.w)) {}
  METAL_FUNC T& operator[](int i) { return at[i]; }
  METAL_FUNC const T& operator[](int i) const { return at[i]; }
};

#undef METAL_VECTOR_COPY

template <class T, int N, int I, int J, int K>
METAL_FUNC swizzle<T, N, I, J, K>::operator vec<T, N>() const {
  if constexpr (N == 2) {
    return vec<T, 2>(at[I], at[J]);
  } else {
    return vec<T, 3>(at[I], at[J], at[K]);
  }
}

template <class T, int N, int I, int J, int K>
METAL_FUNC swizzle<T, N, I, J, K>& swizzle<T, N, I, J, K>::operator=(const vec<T, N>& v) {
  vec<T, N> copy = v;  // v may share these elements
  at[I] = copy.at[0];
  at[J] = copy.at[1];
  if constexpr (N == 3) {
    at[K] = copy.at[2];
  }
  return *this;
}

template <class T>
struct lanes { static constexpr int count = 1; using element = T; };
template <class T, int N>
struct lanes<vec<T, N>> { static constexpr int count = N; using element = T; };
template <class T>
struct identity { using type = T; };

#define METAL_VECTOR_OPERATOR(op)                                                                          \
  template <class T, int N>                                                                                \
  METAL_FUNC vec<T, N> operator op(const vec<T, N>& a, const vec<T, N>& b) {                               \
    vec<T, N> r;                                                                                           \
    for (int i = 0; i < N; ++i) r.at[i] = T(a.at[i] op b.at[i]);                                           \
    return r;                                                                                              \
  }                                                                                                        \
  template <class T, int N>                                                                                \
  METAL_FUNC vec<T, N> operator op(const vec<T, N>& a, typename identity<T>::type b) {                     \
    return a op vec<T, N>(b);                                                                              \
  }                                                                                                        \
  template <class T, int N>                                                                                \
  METAL_FUNC vec<T, N> operator op(typename identity<T>::type a, const vec<T, N>& b) {                     \
    return vec<T, N>(a) op b;                                                                              \
  }                                                                                                        \
  template <class T, int N>                                                                                \
  METAL_FUNC vec<T, N>& operator op##=(vec<T, N>& a, const vec<T, N>& b) {                                 \
    return a = a op b;                                                                                     \
  }                                                                                                        \
  template <class T, int N>                                                                                \
  METAL_FUNC vec<T, N>& operator op##=(vec<T, N>& a, typename identity<T>::type b) {                       \
    return a = a op vec<T, N>(b);                                                                          \
  } \
  template <class T, int N, int I, int J, int K, class B>                                                  \
  METAL_FUNC vec<T, N> operator op(const swizzle<T, N, I, J, K>& a, const B& b) {                          \
    return vec<T, N>(a) op b;                                                                              \
  }                                                                                                        \
  template <class T, int N, int I, int J, int K>                                                           \
  METAL_FUNC vec<T, N> operator op(const vec<T, N>& a, const swizzle<T, N, I, J, K>& b) {                  \
    return a op vec<T, N>(b);                                                                              \
  }                                                                                                        \
  template <class T, int N, int I, int J, int K>                                                           \
  METAL_FUNC vec<T, N> operator op(typename identity<T>::type a, const swizzle<T, N, I, J, K>& b) {        \
    return vec<T, N>(a) op vec<T, N>(b);                                                                   \
  }

METAL_VECTOR_OPERATOR(+)
METAL_VECTOR_OPERATOR(-)
METAL_VECTOR_OPERATOR(*)
METAL_VECTOR_OPERATOR(/)
METAL_VECTOR_OPERATOR(%)
METAL_VECTOR_OPERATOR(&)
METAL_VECTOR_OPERATOR(|)
METAL_VECTOR_OPERATOR(^)
METAL_VECTOR_OPERATOR(<<)
METAL_VECTOR_OPERATOR(>>)
#undef METAL_VECTOR_OPERATOR

#define METAL_VECTOR_COMPARISON(op)                                                                        \
  template <class T, int N>                                                                                \
  METAL_FUNC vec<bool, N> operator op(const vec<T, N>& a, const vec<T, N>& b) {                            \
    vec<bool, N> r;                                                                                        \
    for (int i = 0; i < N; ++i) r.at[i] = a.at[i] op b.at[i];                                              \
    return r;                                                                                              \
  }
METAL_VECTOR_COMPARISON(<)
METAL_VECTOR_COMPARISON(>)
METAL_VECTOR_COMPARISON(<=)
METAL_VECTOR_COMPARISON(>=)
METAL_VECTOR_COMPARISON(==)
METAL_VECTOR_COMPARISON(!=)
#undef METAL_VECTOR_COMPARISON

template <class T, int N>
METAL_FUNC vec<T, N> operator-(const vec<T, N>& a) {
  return vec<T, N>(T(0)) - a;
}

template <int N>
METAL_FUNC bool all(const vec<bool, N>& v) {
  bool r = true;
  for (int i = 0; i < N; ++i) r = r && v.at[i];
  return r;
}

template <int N>
METAL_FUNC bool any(const vec<bool, N>& v) {
  bool r = false;
  for (int i = 0; i < N; ++i) r = r || v.at[i];
  return r;
}

template <class T, int N>
METAL_FUNC T dot(const vec<T, N>& a, const vec<T, N>& b) {
  T r = T(0);
  for (int i = 0; i < N; ++i) r = T(r + a.at[i] * b.at[i]);
  return r;
}

template <class T, int N>
struct packed_vec {
  T at[N];
  METAL_FUNC operator vec<T, N>() const {
    vec<T, N> r;
    for (int i = 0; i < N; ++i) r.at[i] = at[i];
    return r;
  }
  METAL_FUNC packed_vec& operator=(const vec<T, N>& v) {
    for (int i = 0; i < N; ++i) at[i] = v.at[i];
    return *this;
  }
  METAL_FUNC T& operator[](int i) { return at[i]; }
  METAL_FUNC const T& operator[](int i) const { return at[i]; }
};

}  // namespace metal
