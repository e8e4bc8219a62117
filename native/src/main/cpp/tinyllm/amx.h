// What the compiler's own CPU test does not know.

#pragma once

namespace tinyllm {

#if defined(__x86_64__)
/** The CPU has AMX int8 tiles, and the system lets this process use them; asks for it once. */
bool has_amx();
bool has_avxvnni();
bool has_f16c();
#endif

} // namespace tinyllm
