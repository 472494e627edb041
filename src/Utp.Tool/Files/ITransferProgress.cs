namespace Utp.Tool.Files;

/// <summary>Shows the progress of the files of a transfer, one after the other.</summary>
internal interface ITransferProgress
{
    void Begin(string name, long size, UtpStream stream);

    void Advance(int bytes);

    /// <summary>Ends the file that was begun, if there is one.</summary>
    void End(bool succeeded);
}
