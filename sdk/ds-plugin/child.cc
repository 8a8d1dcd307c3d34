#include "sdk/ds-plugin/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <exception>

namespace ds::tool {
namespace {

constexpr char kAnswer = 'a', kException = 'e';  // the last byte of what the child sends

bool send(int fd, const std::string& text, char kind) {
  std::string message = text + kind;
  for (size_t done = 0; done < message.size();) {
    ssize_t n = write(fd, message.data() + done, message.size() - done);
    if (n <= 0) return false;
    done += size_t(n);
  }
  return true;
}

[[noreturn]] void run_child(int fd, const std::function<std::string()>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  try {
    send(fd, body(), kAnswer);
  } catch (const std::exception& e) {
    send(fd, e.what(), kException);
  } catch (...) {
    send(fd, "an exception of unknown type", kException);
  }
  _exit(0);  // no destructors of the library
}

// False when the time was up.
bool receive(int fd, double seconds, std::string* text) {
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + std::chrono::duration<double>(seconds);
  char chunk[4096];
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd p{fd, POLLIN, 0};
    int ready = left > 0 ? poll(&p, 1, int(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n <= 0) return true;
    text->append(chunk, size_t(n));
  }
}

}  // namespace

Outcome run_isolated(double seconds, const std::function<std::string()>& body) {
  Outcome outcome;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return {"", "no pipe could be made"};
  fflush(nullptr);
  pid_t child = fork();
  if (child < 0) return {"", "no process could be started"};
  if (child == 0) {
    close(ends[0]);
    run_child(ends[1], body);
  }
  close(ends[1]);
  bool in_time = receive(ends[0], seconds, &outcome.output);
  close(ends[0]);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;

  char kind = outcome.output.empty() ? '\0' : outcome.output.back();
  if (!in_time) {
    char text[64];
    snprintf(text, sizeof text, "did not finish within %g s", seconds);
    outcome.failure = text;
  } else if (WIFSIGNALED(status)) {
    outcome.failure = std::string("crashed: ") + strsignal(WTERMSIG(status));
  } else if (kind != kAnswer && kind != kException) {
    outcome.failure = "ended the process with exit(" + std::to_string(WEXITSTATUS(status)) + ")";
  } else {
    outcome.output.pop_back();
    if (kind == kException) outcome.failure = outcome.output;
  }
  return outcome;
}

}  // namespace ds::tool
