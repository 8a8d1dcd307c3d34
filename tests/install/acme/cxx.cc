// The same through the SDK, which writes the door.
#include <deepseek/plugin.hpp>
