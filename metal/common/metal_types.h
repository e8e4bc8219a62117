// The element types that Metal has vectors of: METAL_NUMBER_TYPES(of) writes of(name, type) for each, so that name2 is a vector of type.
// Numbers have packed vectors, too; bool has none.
#pragma once

#define METAL_NUMBER_TYPES(of) \
  of(float, float)             \
  of(half, half)               \
  of(bfloat, bfloat)           \
  of(int, int)                 \
  of(uint, unsigned)           \
  of(short, short)             \
  of(ushort, unsigned short)   \
  of(char, signed char)        \
  of(uchar, unsigned char)     \
  of(long, long)               \
  of(ulong, unsigned long)
#define METAL_VECTOR_TYPES(of) METAL_NUMBER_TYPES(of) of(bool, bool)
