// The report is a text file of lines with tabs between fields; Java turns sites into lines and lines into sentences.
#include <unistd.h>

#include <map>
#include <tuple>

#include "host.h"

namespace tinyllm {

namespace {

std::FILE* report = nullptr;

struct Entry {
  std::string text;
  unsigned long times;
};
std::map<std::tuple<std::string, std::uintptr_t, std::uintptr_t>, Entry> findings;
constexpr std::size_t most_findings = 50;

}  // namespace

std::string site_text(Site site) {
  char text[32];
  if (site.value == 0) {
    return "-";
  }
  if (site.is_line()) {
    std::snprintf(text, sizeof(text), "L%lu", (unsigned long)(site.value & ~Site::line_mark));
  } else {
    std::snprintf(text, sizeof(text), "P%lx", (unsigned long)site.value);
  }
  return text;
}

void open_report(const char* path) { report = std::fopen(path, "w"); }

void report_line(const std::string& line) {
  if (report != nullptr) {
    std::fprintf(report, "%s\n", line.c_str());
  }
}

void finding(const char* kind, Site site, Site other, const std::string& text) {
  auto key = std::make_tuple(std::string(kind), site.value, other.value);
  auto found = findings.find(key);
  if (found != findings.end()) {
    ++found->second.times;
  } else if (findings.size() < most_findings) {
    findings.emplace(key, Entry{text, 1});
  }
}

// A thread that reads before another one writes sees nothing yet: that is the race's doing, and one finding is enough.
static bool follows_from_a_race(const std::string& kind, std::uintptr_t site) {
  for (const auto& [key, entry] : findings) {
    if (std::get<0>(key) == "data-race" && (std::get<1>(key) == site || std::get<2>(key) == site)) {
      return kind == "uninitialised-read";
    }
  }
  return false;
}

void finish_report() {
  for (const auto& [key, entry] : findings) {
    if (follows_from_a_race(std::get<0>(key), std::get<1>(key))) {
      continue;
    }
    report_line("finding\t" + std::get<0>(key) + "\t" + site_text(Site{std::get<1>(key)}) + "\t" + site_text(Site{std::get<2>(key)}) + "\t" +
                std::to_string(entry.times) + "\t" + entry.text);
  }
  report_counters();
  report_line("end");
  std::fclose(report);
  report = nullptr;
}

void fatal(const char* kind, Site site, Site other, const std::string& text) {
  finding(kind, site, other, text);
  report_line("stopped");
  finish_report();
  _exit(0);
}

std::string triple_text(const unsigned* v) {
  return "(" + std::to_string(v[0]) + ", " + std::to_string(v[1]) + ", " + std::to_string(v[2]) + ")";
}

std::string name_of(const Thread& thread) { return "thread " + triple_text(thread.grid); }

}  // namespace tinyllm
