find_package(nlohmann_json REQUIRED)
set(DS_PLUGIN_LIBRARIES nlohmann_json::nlohmann_json)
