// stream.h: a queue of work with a thread of its own, and the marks that events leave in it.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "deepseek/ds_types.h"

namespace ds::null {

// What tests may do to a device; shared by its streams.
struct Switches {
  std::mutex mutex;
  std::condition_variable changed;
  bool lost = false;    // whatever runs or comes later fails
  bool paused = false;  // streams finish nothing
  void set(bool Switches::*which, bool value);
  bool get(bool Switches::*which);
  // Returns once not paused: DS_OK, or DS_DEVICE_MISMATCH if lost.
  ds_status pass();
};

// One moment in a stream: reached or not yet, with the status of everything before it.
class Mark {
 public:
  void reach(ds_status status);
  ds_status wait();
  bool reached(ds_status* status, double* seconds);
  // fn is called once: now, or by the stream's thread.
  void when_reached(std::function<void(ds_status)> fn);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void(ds_status)>> callbacks_;
  bool reached_ = false;
  ds_status status_ = DS_OK;
  double seconds_ = 0;
};

class Stream {
 public:
  using Work = std::function<ds_status()>;
  explicit Stream(std::shared_ptr<Switches> switches);
  ~Stream();  // finishes what is queued
  // After a failure work is skipped until synchronize has told it.
  void enqueue(Work work);
  void mark(std::shared_ptr<Mark> mark);
  // Waits for what is queued now; answers the first failure since the last synchronize.
  ds_status synchronize();

 private:
  void run();
  std::shared_ptr<Switches> switches_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool ending_ = false;
  ds_status status_ = DS_OK;  // of the stream's thread
  std::thread thread_;
};

}  // namespace ds::null
