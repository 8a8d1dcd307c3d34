// Where plugins are looked for, and the environment that may be trusted.
#pragma once
#include <string>
#include <vector>

#include "core/base/status.h"

namespace ds::core {

// The variable's value, or null when it is unset or the process runs with raised privileges.
const char* environment(const char* name);

// Folders of DS_PLUGIN_PATH, in order. Relative ones come with a problem and are never searched.
struct Folder {
  std::string path;
  Status problem;
};
std::vector<Folder> path_folders();
std::string user_folder();    // $XDG_DATA_HOME/deepseek/plugins, ~/.local/share/deepseek/plugins, or empty
std::string system_folder();  // <folder of libdeepseek.so>/deepseek/plugins, or empty

// Names of a folder's files that end so, sorted. Fails: DS_NOT_FOUND, DS_IO_ERROR.
Status list_files(const std::string& folder, std::string_view ending, std::vector<std::string>* names);
// Fails: DS_IO_ERROR; DS_BAD_PLUGIN when larger than 16 MB or not a regular file.
Status read_file(const std::string& path, std::string* content);
std::string errno_text();

}  // namespace ds::core
