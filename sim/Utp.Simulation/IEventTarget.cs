namespace Utp.Simulation;

/// <summary>Something that happens at an instant of virtual time.</summary>
internal interface IEventTarget
{
    /// <summary>The tag is whatever the target passed when it scheduled the event.</summary>
    void OnEvent(int tag);
}
