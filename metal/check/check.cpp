// Reads a C++ text with libclang and prints its errors: LINE <tab> COLUMN <tab> FILE <tab> TEXT. A program of its own, so that nothing that
// clang does can end the JVM. libclang's C interface is declared here by hand; the wheel from PyPI holds the library alone.
//
//     check LIBCLANG FILE INCLUDE_FOLDER
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

extern "C" {
struct CXString {
  const void* data;
  unsigned flags;
};
struct CXSourceLocation {
  const void* data[2];
  unsigned number;
};
}

template <class F>
static F* function(void* library, const char* name) {
  void* found = dlsym(library, name);
  if (found == nullptr) {
    std::fprintf(stderr, "libclang has no %s\n", name);
    std::exit(3);
  }
  return reinterpret_cast<F*>(found);
}

int main(int count, char** words) {
  if (count != 4) {
    std::fprintf(stderr, "usage: %s LIBCLANG FILE INCLUDE_FOLDER\n", words[0]);
    return 2;
  }
  void* library = dlopen(words[1], RTLD_NOW);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 3;
  }
  auto create_index = function<void*(int, int)>(library, "clang_createIndex");
  auto parse = function<int(void*, const char*, const char* const*, int, void*, unsigned, unsigned, void**)>(
      library, "clang_parseTranslationUnit2");
  auto number_of = function<unsigned(void*)>(library, "clang_getNumDiagnostics");
  auto diagnostic = function<void*(void*, unsigned)>(library, "clang_getDiagnostic");
  auto severity_of = function<int(void*)>(library, "clang_getDiagnosticSeverity");
  auto spelling_of = function<CXString(void*)>(library, "clang_getDiagnosticSpelling");
  auto location_of = function<CXSourceLocation(void*)>(library, "clang_getDiagnosticLocation");
  auto place_of = function<void(CXSourceLocation, CXString*, unsigned*, unsigned*)>(library, "clang_getPresumedLocation");
  auto text_of = function<const char*(CXString)>(library, "clang_getCString");

  const char* flags[] = {"-x", "c++", "-std=c++17", "-fno-exceptions", "-fno-rtti", "-nostdinc", "-Wno-everything",
                         "-ferror-limit=50", "-Xclang", "-cl-single-precision-constant", "-I", words[3]};
  void* unit = nullptr;
  int failed = parse(create_index(0, 0), words[2], flags, sizeof(flags) / sizeof(flags[0]), nullptr, 0, 0, &unit);
  if (failed != 0 || unit == nullptr) {
    std::fprintf(stderr, "libclang can't read %s (error %d)\n", words[2], failed);
    return 3;
  }
  for (unsigned i = 0; i < number_of(unit); ++i) {
    void* one = diagnostic(unit, i);
    if (severity_of(one) < 3) {
      continue;
    }
    CXString file;
    unsigned line = 0, column = 0;
    place_of(location_of(one), &file, &line, &column);
    const char* name = text_of(file);
    std::printf("%u\t%u\t%s\t%s\n", line, column, name == nullptr ? "" : name, text_of(spelling_of(one)));
  }
  return 0;
}
