#include "stream.h"

#include <utility>

#include "deepseek/device.hpp"

namespace ds::null {

void Switches::set(bool Switches::*which, bool value) {
  std::lock_guard lock(mutex);
  this->*which = value;
  changed.notify_all();
}

bool Switches::get(bool Switches::*which) {
  std::lock_guard lock(mutex);
  return this->*which;
}

ds_status Switches::pass() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return !paused || lost; });
  return lost ? DS_DEVICE_MISMATCH : DS_OK;
}

void Mark::reach(ds_status status) {
  std::unique_lock lock(mutex_);
  reached_ = true;
  status_ = status;
  seconds_ = device_seconds();
  const auto callbacks = std::move(callbacks_);
  changed_.notify_all();
  lock.unlock();
  for (const auto& fn : callbacks) fn(status);
}

ds_status Mark::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return reached_; });
  return status_;
}

bool Mark::reached(ds_status* status, double* seconds) {
  std::lock_guard lock(mutex_);
  *status = status_;
  *seconds = seconds_;
  return reached_;
}

void Mark::when_reached(std::function<void(ds_status)> fn) {
  std::unique_lock lock(mutex_);
  if (!reached_) return callbacks_.push_back(std::move(fn));
  lock.unlock();
  fn(status_);
}

Stream::Stream(std::shared_ptr<Switches> switches) : switches_(std::move(switches)), thread_([this] { run(); }) {}

Stream::~Stream() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Stream::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    if (const ds_status status = switches_->pass(); status != DS_OK && status_ == DS_OK) status_ = status;
    item();
    item = nullptr;  // what it held is released before anybody hears that it is done
    lock.lock();
  }
}

void Stream::enqueue(Work work) {
  std::lock_guard lock(mutex_);
  queue_.push_back([this, work = std::move(work)] {
    if (status_ == DS_OK) status_ = work();
  });
  changed_.notify_all();
}

void Stream::mark(std::shared_ptr<Mark> mark) {
  std::lock_guard lock(mutex_);
  queue_.push_back([this, mark = std::move(mark)] { mark->reach(status_); });
  changed_.notify_all();
}

ds_status Stream::synchronize() {
  auto reached = std::make_shared<Mark>();
  {
    std::lock_guard lock(mutex_);
    queue_.push_back([this, reached] { reached->reach(std::exchange(status_, DS_OK)); });
    changed_.notify_all();
  }
  return reached->wait();
}

}  // namespace ds::null
