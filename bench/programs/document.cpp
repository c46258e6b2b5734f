// Turns files of results into documents and a page with pictures.
//
// Each NAME.json becomes NAME.md in a folder. Documents written by hand show the tables that their markers name
// (support/document.hpp); the rest of them stays. The page is results.html. Status 1 if a file is no file of results,
// or if markers do not match; then that document is left alone.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/document.hpp"
#include "support/options.hpp"

namespace {

using namespace bench;

struct settings {
  std::string results, tables_folder, report_folder;
  std::vector<std::string> documents;
};

[[nodiscard]] std::map<std::string, recorded_results> read_folder(const std::string& folder) {
  if (!std::filesystem::is_directory(folder)) throw std::runtime_error(folder + " is no folder");
  std::map<std::string, recorded_results> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    files.emplace(entry.path().stem().string(), read_results(entry.path().string()));
  }
  if (files.empty()) throw std::runtime_error(folder + " holds no results: bench/run --all");
  return files;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  if (!out.flush()) throw std::runtime_error(path.string() + " cannot be written");
}

void write_tables(const std::filesystem::path& folder, const std::map<std::string, recorded_results>& files) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, file] : files) write_file(folder / (name + ".md"), markdown_of(file, name));
  std::cout << folder.string() << ": " << files.size() << " files\n";
}

void rewrite_document(const std::string& path, const std::map<std::string, recorded_results>& files) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + " cannot be read");
  const std::string before{std::istreambuf_iterator<char>(in), {}};
  std::map<std::string, std::string> sections;
  for (const auto& [name, file] : files) sections.merge(sections_of(file, name));
  const rewritten after = replace_sections(before, sections);
  for (const auto& name : after.without_results) std::cout << path << ": no results of " << name << ", left as it is\n";
  if (after.text != before) write_file(path, after.text);
  std::cout << path << ": " << after.replaced.size() << " tables\n";
}

void write_page(const std::string& folder, const std::map<std::string, recorded_results>& files) {
  report page;
  for (const auto& [name, file] : files) add_to_page(page, file, name);
  std::filesystem::create_directories(folder);
  page.write(folder + "/results.html", "evac: all that was measured");
  std::cout << folder << "/results.html\n";
}

void add_own_options(CLI::App& app, settings& chosen) {
  app.add_option("FOLDER", chosen.results, "what the programs wrote with --json")->required();
  app.add_option("--tables", chosen.tables_folder, "folder for a document of each file");
  app.add_option("--into", chosen.documents, "documents with markers")->take_all();
  app.add_option("--report", chosen.report_folder, "folder for results.html");
}

}  // namespace

int main(int argc, char** argv) {
  const auto chosen = settings_of<settings>(
      argc, argv, "Turns files of results into documents and a page with pictures.", add_own_options);
  try {
    const auto files = read_folder(chosen.results);
    if (!chosen.tables_folder.empty()) write_tables(chosen.tables_folder, files);
    for (const std::string& document : chosen.documents) rewrite_document(document, files);
    if (!chosen.report_folder.empty()) write_page(chosen.report_folder, files);
    return 0;
  } catch (const std::runtime_error& error) {
    std::cerr << "evac_bench_document: " << error.what() << '\n';
    return 1;
  }
}
